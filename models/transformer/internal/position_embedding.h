#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/named_tensors.h>

namespace fovea {

/// Learned positions of one grid for another: those of the prefix stay, those of the positions are resampled by bicubic
/// interpolation with antialiasing, in float32, as timm's resample_abs_pos_embed does. Differs from timm: positions of the
/// same grid come back as they are also where it is no square.
/// @param positions [1, P + H W, C]. @param from, to {height, width}. @return [1, P + H' W', C] of the same type.
/// @throws ShapeError when `positions` has another shape.
torch::Tensor resample_position_embedding(const torch::Tensor& positions, std::int64_t prefix_tokens,
                                          const std::vector<std::int64_t>& from, const std::vector<std::int64_t>& to);

/// Resamples the positions called `name` where they are as many as another grid's; everything else is left for the loader
/// to judge. What grid they had is not written down: a square of positions is taken for a square, as in timm, and any other
/// number for a grid of the shape of `to`.
/// @param own the network's positions, [1, P + H W, C]. @param to {H, W}.
void adapt_position_embedding(NamedTensors& weights, const std::string& name, const torch::Tensor& own,
                              const std::vector<std::int64_t>& to);

}  // namespace fovea
