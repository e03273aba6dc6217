#include <array>
#include <cmath>

#include <fovea/base/error.h>
#include <fovea/explain/overlay.h>

namespace fovea {
namespace {

using Pixel = std::array<double, 3>;

/// Halfway from its luma (ITU-R BT.601) to white: nothing that a colour map produces.
Pixel unseen(const Pixel& pixel) {
  const double luma = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
  const double pale = 0.5 * luma + 0.5 * 255;
  return {pale, pale, pale};
}

Pixel blended(const Pixel& pixel, const Rgb8& color, double opacity) {
  return {std::lerp(pixel[0], color.red, opacity), std::lerp(pixel[1], color.green, opacity),
          std::lerp(pixel[2], color.blue, opacity)};
}

}  // namespace

Image overlay(const Image& photo, const PhotoMap& map, const OverlayStyle& style) {
  if (photo.channels != 3) throw InputError("overlay", "an RGB photo", std::to_string(photo.channels) + " channels");
  if (!(style.opacity >= 0 && style.opacity <= 1)) {
    throw InputError("overlay", "an opacity in [0, 1]", std::to_string(style.opacity));
  }
  const double range = style.high - style.low;
  const auto color = [&](double value) { return color_of(style.color_map, range > 0 ? (value - style.low) / range : 0.0); };
  Image result = photo;
  std::uint8_t* target = result.pixels.data();
  for (int y = 0; y < photo.height; ++y) {
    for (int x = 0; x < photo.width; ++x, target += 3) {
      const Pixel pixel{static_cast<double>(target[0]), static_cast<double>(target[1]), static_cast<double>(target[2])};
      const auto value = map.at(x + 0.5, y + 0.5);
      const Pixel shown = value ? blended(pixel, color(*value), style.opacity) : unseen(pixel);
      for (std::size_t c = 0; c < 3; ++c) target[c] = static_cast<std::uint8_t>(std::lround(shown[c]));
    }
  }
  return result;
}

}  // namespace fovea
