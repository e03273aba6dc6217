#include <fovea/attention/internal/squeeze.h>

namespace fovea {

torch::Tensor squeeze_channels(const torch::Tensor& features, bool max_pool) {
  const auto average = features.mean({2, 3}, /*keepdim=*/true);
  return max_pool ? 0.5 * average + 0.5 * features.amax({2, 3}, /*keepdim=*/true) : average;
}

}  // namespace fovea
