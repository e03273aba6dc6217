#include <fovea/attention/context/grid_positions.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>

namespace fovea {

torch::Tensor resample_positions(const torch::Tensor& positions, const std::vector<std::int64_t>& from,
                                 const std::vector<std::int64_t>& to) {
  if (from == to) return positions;
  const std::int64_t prefix = positions.size(0) - from[0] * from[1];
  const auto grid = to_grid(positions.slice(0, prefix).unsqueeze(0), from[0], from[1]);  // [1, C, H, W]
  const auto options =
      torch::nn::functional::InterpolateFuncOptions().size(to).mode(torch::kBicubic).align_corners(false).antialias(true);
  const auto resampled = torch::nn::functional::interpolate(grid, options).flatten(2).squeeze(0).t();  // [H' W', C]
  return torch::cat({positions.slice(0, 0, prefix), resampled});
}

void expect_positions_fit(const torch::nn::Module& module, const Positions& positions,
                          const std::vector<std::int64_t>& grid) {
  const std::int64_t known = grid[0] * grid[1];
  if (!positions.grid.empty() || positions.values.size(1) == known) return;
  throw ShapeError(module.name(), std::to_string(known) + " tokens, as it was built for", shape_text(positions.values));
}

}  // namespace fovea
