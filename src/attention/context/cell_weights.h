#pragma once

#include <torch/torch.h>

#include <fovea/attention/cells.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// Offers one weight per cell to the probe, as a spatial map [N, 1, H, W] on a grid and as a pairwise one [N, 1, 1, L] on
/// tokens. @param weights [N, L]. @return what the probe answers, [N, L].
torch::Tensor tap_cell_weights(const torch::nn::Module& module, const torch::Tensor& weights, const Cells& cells,
                               Meaning meaning, ForwardContext& context);

/// The cells' sum with these weights. @param weights [N, L]. @return [N, C].
torch::Tensor weighted_sum(const torch::Tensor& weights, const Cells& cells);

}  // namespace fovea
