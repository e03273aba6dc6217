#include <cmath>
#include <cstdint>

#include <fovea/base/error.h>
#include <fovea/draw/color.h>
#include <fovea/explain/overlay.h>

namespace fovea {
namespace {

std::uint8_t blended(std::uint8_t pixel, std::uint8_t color, double opacity) {
  return static_cast<std::uint8_t>(std::lround(std::lerp(static_cast<double>(pixel), color, opacity)));
}

Rgb8 blended(Rgb8 pixel, Rgb8 color, double opacity) {
  return {blended(pixel.red, color.red, opacity), blended(pixel.green, color.green, opacity),
          blended(pixel.blue, color.blue, opacity)};
}

}  // namespace

Rgb8 unseen_color(Rgb8 pixel) {
  const auto pale = static_cast<std::uint8_t>(std::lround(0.5 * luma(pixel) + 0.5 * 255));
  return {pale, pale, pale};
}

Image draw_overlay(const Image& photo, const PhotoMap& map, const OverlayStyle& style) {
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
      const Rgb8 pixel{target[0], target[1], target[2]};
      const auto value = map.at(x + 0.5, y + 0.5);
      const Rgb8 shown = value ? blended(pixel, color(*value), style.opacity) : unseen_color(pixel);
      target[0] = shown.red;
      target[1] = shown.green;
      target[2] = shown.blue;
    }
  }
  return result;
}

}  // namespace fovea
