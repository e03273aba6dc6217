#include <fovea/nn/dropout.h>
#include <fovea/nn/stochastic_depth.h>

namespace fovea {

torch::Tensor drop_path_mask(const torch::Tensor& branch, double probability, const RandomStream& stream) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(branch.dim()), 1);
  shape.front() = branch.size(0);
  return dropout_mask(shape, probability, stream, branch.options().requires_grad(false));
}

torch::Tensor drop_path_mask(const torch::nn::Module& block, const torch::Tensor& branch, double probability,
                             const RandomStream& stream) {
  if (!block.is_training() || probability == 0) return {};
  return drop_path_mask(branch, probability, stream.child("stochastic_depth"));
}

double stochastic_depth_probability(std::int64_t number, std::int64_t count, double last) {
  return static_cast<double>(number) / static_cast<double>(count) * last;
}

}  // namespace fovea
