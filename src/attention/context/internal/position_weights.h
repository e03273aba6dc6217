#pragma once

#include <torch/torch.h>

#include <fovea/attention/positions.h>
#include <fovea/attention/selection.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// Gives one weight per position to the hooks, as a spatial map [N, 1, H, W] on a grid and as a pairwise one [N, 1, 1, L]
/// on tokens. @param weights [N, L]. @return the weights that come back, [N, L].
torch::Tensor hook_position_weights(const torch::nn::Module& module, const torch::Tensor& weights,
                                    const Positions& positions, Meaning meaning, ForwardContext& context);

/// Selects among the positions by their scores, and gives the weights to the hooks. @param scores [N, L]. @return [N, C].
torch::Tensor select_positions(const torch::nn::Module& module, const torch::Tensor& scores, const Positions& positions,
                               const Selection& selection, ForwardContext& context);

/// Weighted sum of the positions. @param weights [N, L]. @return [N, C].
torch::Tensor weighted_sum(const torch::Tensor& weights, const Positions& positions);

}  // namespace fovea
