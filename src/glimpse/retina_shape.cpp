#include <fovea/glimpse/retina_shape.h>

namespace fovea {

torch::Tensor window_starts(const torch::Tensor& locations, const torch::Tensor& lengths, std::int64_t side) {
  const auto starts = ((locations + 1) / 2 * lengths - static_cast<double>(side) / 2 + 0.5).floor();
  return starts.nan_to_num(-kFarthestWindow).clamp(-kFarthestWindow, kFarthestWindow);
}

torch::Tensor retina_windows(const RetinaShape& retina, const torch::Tensor& locations, const torch::Tensor& heights,
                             const torch::Tensor& widths) {
  const auto lengths = torch::stack({widths, heights}, 1).to(locations.scalar_type()).unsqueeze(1);  // [R, 1, 2], as x, y
  std::vector<torch::Tensor> scales;
  for (std::int64_t scale = 0; scale < retina.scales; ++scale) {
    const auto side = static_cast<double>(retina.side(scale));
    const auto middle = window_starts(locations, lengths, retina.side(scale)) + side / 2;
    const auto half = torch::full_like(middle, side) / lengths;
    scales.push_back(torch::cat({middle / lengths * 2 - 1, half}, 2));
  }
  return torch::stack(scales, 2);
}

}  // namespace fovea
