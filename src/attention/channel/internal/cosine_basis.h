#pragma once

#include <cstdint>

#include <torch/torch.h>

namespace fovea {

/// Two-dimensional cosines with the highest accuracies in "FcaNet: Frequency Channel Attention Networks", arXiv:2012.11879
/// (its "top" list), best first; the first is the mean. Frequencies are those of a 7 x 7 map: on a side n times as long they
/// are n times as high, on a shorter one lower in proportion. @param count from 1 to kTopCosines. @return [count, height,
/// width], orthonormal (type-II DCT) while no two of the frequencies coincide, float64.
torch::Tensor top_cosines(std::int64_t count, std::int64_t height, std::int64_t width);

inline constexpr std::int64_t kTopCosines = 32;

}  // namespace fovea
