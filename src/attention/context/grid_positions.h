#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/positions.h>

namespace fovea {

/// Learned position embeddings of one grid, resampled to another by bicubic interpolation with antialiasing, as in timm.
/// @param positions [P + H W, C]: P prefix tokens, which stay unchanged, and the positions row by row.
/// @param from, to {height, width}. @return [P + H' W', C]; the same tensor for the same grid.
torch::Tensor resample_positions(const torch::Tensor& positions, const std::vector<std::int64_t>& from,
                                 const std::vector<std::int64_t>& to);

/// @param grid of the stored position embeddings. @throws ShapeError for tokens whose number differs from its positions.
void expect_positions_fit(const torch::nn::Module& module, const Positions& positions,
                          const std::vector<std::int64_t>& grid);

}  // namespace fovea
