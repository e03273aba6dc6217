#pragma once

#include <fovea/image/rgb8.h>

namespace fovea {

/// A colour to draw with: sRGB, each value in [0, 1]; alpha 0 is invisible, 1 opaque.
struct Color {
  double red = 0;
  double green = 0;
  double blue = 0;
  double alpha = 1;
};

constexpr Color to_color(Rgb8 rgb, double alpha = 1) {
  return {rgb.red / 255.0, rgb.green / 255.0, rgb.blue / 255.0, alpha};
}

/// Brightness (luma) of a colour, on the scale of its values.
constexpr double luma(Rgb8 color) {
  return 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue;
}
constexpr double luma(Color color) {
  return 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue;
}

constexpr Color with_alpha(Color color, double alpha) {
  return {color.red, color.green, color.blue, alpha};
}

// Palette of all pictures. Colour-blind readers can tell blue, orange and red apart.
inline constexpr Color kWhite{1, 1, 1};
inline constexpr Color kInk = to_color({31, 41, 55});       ///< text
inline constexpr Color kQuiet = to_color({107, 114, 128});  ///< axis numbers and second lines
inline constexpr Color kGrid = to_color({229, 231, 235});
inline constexpr Color kBlue = to_color({46, 109, 180});
inline constexpr Color kOrange = to_color({232, 119, 34});
inline constexpr Color kRed = to_color({200, 45, 60});

}  // namespace fovea
