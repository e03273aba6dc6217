#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fovea/draw/color.h>
#include <fovea/image/image.h>

namespace fovea {

/// The colour of a pixel of an RGB image.
inline Rgb8 pixel(const Image& image, int y, int x) {
  return {image.at(y, x, 0), image.at(y, x, 1), image.at(y, x, 2)};
}

/// The pixel value of an opaque colour.
inline Rgb8 rgb8(const Color& color) {
  const auto value = [](double part) { return static_cast<std::uint8_t>(std::lround(part * 255)); };
  return {value(color.red), value(color.green), value(color.blue)};
}

/// A rectangle of pixels: rows [top, bottom), columns [left, right).
struct Region {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;

  int height() const { return bottom - top; }
  int width() const { return right - left; }
  bool operator==(const Region&) const = default;
};

inline Region whole(const Image& image) {
  return {0, 0, image.height, image.width};
}

/// Number of pixels of a region whose colour `accept` accepts.
template <typename Accept>
int count_pixels(const Image& image, const Region& region, Accept accept) {
  int count = 0;
  for (int y = region.top; y < region.bottom; ++y) {
    for (int x = region.left; x < region.right; ++x) count += accept(pixel(image, y, x)) ? 1 : 0;
  }
  return count;
}

/// The smallest region with all pixels of `region` whose colour `accept` accepts; empty without any.
template <typename Accept>
Region bounds(const Image& image, const Region& region, Accept accept) {
  Region found{image.height, image.width, 0, 0};
  for (int y = region.top; y < region.bottom; ++y) {
    for (int x = region.left; x < region.right; ++x) {
      if (!accept(pixel(image, y, x))) continue;
      found = {std::min(found.top, y), std::min(found.left, x), std::max(found.bottom, y + 1), std::max(found.right, x + 1)};
    }
  }
  return found.bottom == 0 ? Region{} : found;
}

/// Accepts one colour.
inline auto is_color(const Color& color) {
  return [expected = rgb8(color)](Rgb8 rgb) { return rgb == expected; };
}

/// Accepts everything but white paper.
inline bool is_inked(Rgb8 rgb) {
  return rgb != Rgb8{255, 255, 255};
}

}  // namespace fovea
