#include <fovea/attention/context/cell_weights.h>

namespace fovea {

torch::Tensor tap_cell_weights(const torch::nn::Module& module, const torch::Tensor& weights, const Cells& cells,
                               Meaning meaning, ForwardContext& context) {
  const std::int64_t images = weights.size(0);
  if (cells.grid.empty()) {
    return context.tap(module, {TapKind::pairwise, meaning}, weights.reshape({images, 1, 1, -1})).flatten(1);
  }
  const auto map = weights.reshape({images, 1, cells.grid[0], cells.grid[1]});
  return context.tap(module, {TapKind::spatial, meaning}, map).flatten(1);
}

torch::Tensor weighted_sum(const torch::Tensor& weights, const Cells& cells) {
  return torch::bmm(weights.unsqueeze(1), cells.values).squeeze(1);
}

}  // namespace fovea
