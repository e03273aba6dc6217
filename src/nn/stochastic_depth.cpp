#include <fovea/nn/dropout.h>
#include <fovea/nn/stochastic_depth.h>

namespace fovea {

torch::Tensor stochastic_depth_factors(const torch::Tensor& branch, double probability, const RandomStream& stream) {
  return keep_factors({branch.size(0), 1, 1, 1}, probability, stream, branch.options().requires_grad(false));
}

double stochastic_depth_probability(std::int64_t number, std::int64_t count, double last) {
  return static_cast<double>(number) / static_cast<double>(count) * last;
}

}  // namespace fovea
