#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/named_tensors.h>

namespace fovea {

/// Position embedding of one grid, resampled for another: bicubic interpolation with antialiasing, in float32, as timm's
/// resample_abs_pos_embed. The embeddings of prefix tokens are unchanged. Differs from timm: equal grids that are not square
/// are unchanged too.
/// @param positions [1, P + H W, C]. @param from, to {height, width}. @return [1, P + H' W', C] of the same type.
/// @throws ShapeError when `positions` has another shape.
torch::Tensor resample_position_embedding(const torch::Tensor& positions, std::int64_t prefix_tokens,
                                          const std::vector<std::int64_t>& from, const std::vector<std::int64_t>& to);

/// Resamples the position embedding `name` in `weights` when it has the right shape but for the number of positions. Other
/// tensors are unchanged; the loader reports their mismatches. Files do not contain the grid: a square number of positions
/// is a square grid, as in timm, and any other number a grid of the aspect ratio of `to`.
/// @param own the network's embedding, [1, P + H W, C]. @param to {H, W}.
void adapt_position_embedding(NamedTensors& weights, const std::string& name, const torch::Tensor& own,
                              const std::vector<std::int64_t>& to);

}  // namespace fovea
