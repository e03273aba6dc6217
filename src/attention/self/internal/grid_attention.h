#pragma once

#include <torch/torch.h>

#include <fovea/attention/self/grid_heads.h>
#include <fovea/attention/self/relative_position.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// Multi-head self-attention over the positions of a grid; see relative_attention(). Hooks see the weights of `module`:
/// pairwise [N, heads, H W, H W], rows summing to one.
/// @param projected queries, keys and values, [N, 2 heads.queries() + heads.values(), H, W].
/// @param position for an H x W window; nullptr for no relative positions. @return [N, heads.values(), H, W].
torch::Tensor attend_over_grid(const torch::nn::Module& module, const torch::Tensor& projected, const GridHeads& heads,
                               const RelativePositionImpl* position, bool scale_position, ForwardContext& context);

}  // namespace fovea
