#include <fovea/attention/warp/affine_sampling.h>

namespace fovea {
namespace {

/// Distance between the centres of an axis' outer positions / its length.
double between_centres(std::int64_t positions) {
  return positions > 1 ? static_cast<double>(positions - 1) / static_cast<double>(positions) : 1.0;
}

}  // namespace

torch::Tensor sampling_grid(const torch::Tensor& theta, std::int64_t height, std::int64_t width, bool align_corners) {
  return torch::affine_grid_generator(theta, {theta.size(0), 1, height, width}, align_corners);
}

torch::Tensor sample_bilinear(const torch::Tensor& features, const torch::Tensor& grid, bool align_corners) {
  constexpr std::int64_t kBilinear = 0, kZeros = 0;
  return torch::grid_sampler(features, grid, kBilinear, kZeros, align_corners);
}

torch::Tensor corners_to_edges(const FeatureShape& in, const FeatureShape& out, const torch::TensorOptions& options) {
  const auto to = torch::tensor({between_centres(in.width), between_centres(in.height)}, torch::kFloat64);
  const auto from = torch::tensor({between_centres(out.width), between_centres(out.height), 1.0}, torch::kFloat64);
  return (to.unsqueeze(1) / from).to(options);
}

torch::Tensor compose_affine(const torch::Tensor& outer, const torch::Tensor& inner) {
  if (!outer.defined()) return inner;
  const auto linear = outer.slice(2, 0, 2), shift = outer.slice(2, 2);
  const auto turned = torch::matmul(linear, inner);  // [N, 2, 3]
  return torch::cat({turned.slice(2, 0, 2), turned.slice(2, 2) + shift}, 2);
}

}  // namespace fovea
