#include <fovea/nn/dropout.h>
#include <fovea/nn/stochastic_depth.h>

namespace fovea {

torch::Tensor stochastic_depth_factors(const torch::Tensor& branch, double probability, const RandomStream& stream) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(branch.dim()), 1);
  shape.front() = branch.size(0);
  return keep_factors(shape, probability, stream, branch.options().requires_grad(false));
}

double stochastic_depth_probability(std::int64_t number, std::int64_t count, double last) {
  return static_cast<double>(number) / static_cast<double>(count) * last;
}

}  // namespace fovea
