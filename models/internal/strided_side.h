#pragma once

#include <cstdint>

namespace fovea {

/// Length of a side after a convolution or pool that would keep it with stride 1: ceil(side / stride).
inline std::int64_t strided_side(std::int64_t side, std::int64_t stride) {
  return (side + stride - 1) / stride;
}

}  // namespace fovea
