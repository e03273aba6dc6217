#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <fovea/draw/canvas.h>
#include <fovea/explain/photo_glimpses.h>
#include <fovea/image/color_map.h>
#include <fovea/image/image.h>

namespace fovea {

/// Colour of step `step` of `steps`, counted from 0: from the middle of a colour map to its high end, so that all are
/// visible on black and on white.
Rgb8 step_color(ColorMap map, std::size_t step, std::size_t steps);

/// A disc with the number of a step, which is counted from 0 and shown from 1.
void draw_step_number(Canvas& canvas, Point centre, double radius, std::size_t step, Color color);

/// Selection of the glimpses in a picture.
struct GlimpseMoment {
  ColorMap color_map = ColorMap::inferno;
  std::optional<std::size_t> step =
      std::nullopt;  ///< the path up to this step, and the windows of this step alone; None: all
};

/// The photo at its own size with the path of glimpses: the windows of each step in its colour, the finest with the widest
/// line, and the number of the step at its fixation, or beside it with a line where numbers would overlap. Outlines lie just
/// inside their windows, except for the dark edge. Parts of the photo that no window has reached are pale and grey. Lines
/// and numbers grow with the photo; below about 180 pixels numbers become dots, so enlarge a small photo first.
/// @param photo RGB, with sides of at most kMaximumCanvasSide. @throws InputError for other photos.
Image draw_glimpses(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseMoment& moment);

}  // namespace fovea
