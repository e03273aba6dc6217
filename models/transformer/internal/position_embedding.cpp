#include <cmath>

#include <fovea/attention/context/grid_positions.h>
#include <fovea/base/error.h>
#include <fovea/models/transformer/internal/position_embedding.h>
#include <fovea/nn/shape_text.h>

namespace fovea {
namespace {

/// Grid of `positions` with the aspect ratio of `shape`; empty when there is none, e.g. for fewer than one position.
std::vector<std::int64_t> grid_of_shape(std::int64_t positions, const std::vector<std::int64_t>& shape) {
  if (positions < 1) return {};
  const double ratio = static_cast<double>(shape[0]) / static_cast<double>(shape[1]);
  const std::int64_t height = std::llround(std::sqrt(static_cast<double>(positions) * ratio));
  if (height == 0 || positions % height != 0) return {};
  const std::int64_t width = positions / height;
  if (height * shape[1] != width * shape[0]) return {};
  return {height, width};
}

std::vector<std::int64_t> likely_grid(std::int64_t positions, const std::vector<std::int64_t>& to) {
  const auto square = grid_of_shape(positions, {1, 1});
  return square.empty() ? grid_of_shape(positions, to) : square;
}

}  // namespace

torch::Tensor resample_position_embedding(const torch::Tensor& positions, std::int64_t prefix_tokens,
                                          const std::vector<std::int64_t>& from, const std::vector<std::int64_t>& to) {
  const std::int64_t count = prefix_tokens + from[0] * from[1];
  if (positions.dim() != 3 || positions.size(0) != 1 || positions.size(1) != count) {
    throw ShapeError("position embedding", "[1, " + std::to_string(count) + ", C]", shape_text(positions));
  }
  if (from == to) return positions;
  const torch::NoGradGuard no_grad;
  return resample_positions(positions.squeeze(0).to(torch::kFloat32), from, to).unsqueeze(0).to(positions.scalar_type());
}

void adapt_position_embedding(NamedTensors& weights, const std::string& name, const torch::Tensor& own,
                              const std::vector<std::int64_t>& to) {
  const auto found = weights.find(name);
  if (found == weights.end()) return;
  torch::Tensor& given = found->second;
  const bool is_other_grid = given.dim() == 3 && given.size(0) == 1 && given.size(2) == own.size(2) &&
                             given.size(1) != own.size(1) && given.is_floating_point();
  if (!is_other_grid) return;
  const std::int64_t prefix_tokens = own.size(1) - to[0] * to[1];
  const auto from = likely_grid(given.size(1) - prefix_tokens, to);
  if (!from.empty()) given = resample_position_embedding(given, prefix_tokens, from, to);
}

}  // namespace fovea
