#include <fovea/attention/context/internal/position_weights.h>
#include <fovea/attention/head_attention.h>

namespace fovea {

torch::Tensor hook_position_weights(const torch::nn::Module& module, const torch::Tensor& weights,
                                    const Positions& positions, Meaning meaning, ForwardContext& context) {
  const std::int64_t images = weights.size(0);
  if (positions.grid.empty()) {
    return context.hook(module, {MapKind::pairwise, meaning}, weights.reshape({images, 1, 1, -1})).flatten(1);
  }
  const auto map = weights.reshape({images, 1, positions.grid[0], positions.grid[1]});
  return context.hook(module, {MapKind::spatial, meaning}, map).flatten(1);
}

torch::Tensor select_positions(const torch::nn::Module& module, const torch::Tensor& scores, const Positions& positions,
                               const Selection& selection, ForwardContext& context) {
  const HookedTensor about{.key_grid = positions.grid};
  return attend_by_scores(module, scores.unsqueeze(1).unsqueeze(1), positions.values.unsqueeze(1), about, context, selection)
      .squeeze(1);
}

torch::Tensor weighted_sum(const torch::Tensor& weights, const Positions& positions) {
  return torch::bmm(weights.unsqueeze(1), positions.values).squeeze(1);
}

}  // namespace fovea
