#pragma once

#include <fovea/draw/canvas.h>
#include <fovea/draw/ticks.h>
#include <fovea/image/color_map.h>

namespace fovea {

/// Legend of a colour map.
struct ColorScale {
  ColorMap map = ColorMap::inferno;
  double low = 0;   ///< value of the first colour
  double high = 1;  ///< value of the last colour; not below low
};

/// Fills a box with a bar of the scale's colours and the numbers of its ends, and of its middle where there is room: below
/// the bar when the box is wider than high, otherwise to its right, low at the bottom.
/// @param box at least kColorScaleRoom high when horizontal, 48 pixels wide when vertical.
/// @throws InputError unless low <= high and their distance are finite.
void draw_color_scale(Canvas& canvas, const Rectangle& box, const ColorScale& scale);
/// Likewise for a colour table.
void draw_color_scale(Canvas& canvas, const Rectangle& box, const ColorTable& colors, const ValueRange& range);

/// Height of a horizontal colour scale, in pixels.
inline constexpr double kColorScaleRoom = 26;

}  // namespace fovea
