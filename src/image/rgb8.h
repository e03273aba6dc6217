#pragma once

#include <cstdint>

namespace fovea {

/// A pixel's colour as an Image stores it: sRGB, each value in [0, 255].
struct Rgb8 {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  bool operator==(const Rgb8&) const = default;
};

}  // namespace fovea
