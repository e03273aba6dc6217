#include <fovea/nn/dropout.h>
#include <fovea/nn/stochastic_depth.h>

namespace fovea {

torch::Tensor stochastic_depth_factors(const torch::Tensor& branch, double probability, const RandomStream& stream) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(branch.dim()), 1);
  shape.front() = branch.size(0);
  return keep_factors(shape, probability, stream, branch.options().requires_grad(false));
}

torch::Tensor branch_keep_factors(const torch::nn::Module& block, const torch::Tensor& branch, double probability,
                                  const RandomStream& stream) {
  if (!block.is_training() || probability == 0) return {};
  return stochastic_depth_factors(branch, probability, stream.child("stochastic_depth"));
}

double stochastic_depth_probability(std::int64_t number, std::int64_t count, double last) {
  return static_cast<double>(number) / static_cast<double>(count) * last;
}

}  // namespace fovea
