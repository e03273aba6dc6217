#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <fovea/draw/canvas.h>
#include <fovea/explain/photo_glimpses.h>
#include <fovea/image/color_map.h>
#include <fovea/image/image.h>

namespace fovea {

/// The colour of step `step` of `steps`, counted from 0: from the middle of a map towards its high end, so that each
/// can be seen on black and on white.
Rgb8 step_color(ColorMap map, std::size_t step, std::size_t steps);

/// A disc with the number of a step, which is counted from 0 and shown from 1.
void draw_step_number(Canvas& canvas, Point centre, double radius, std::size_t step, Color color);

/// Which glimpses a picture shows.
struct GlimpseMoment {
  ColorMap color_map = ColorMap::inferno;
  std::optional<std::size_t> step = std::nullopt;  ///< the path up to this one, and its windows alone; nothing: all
};

/// The photo at its own size, with the path of glimpses on it: each one's windows in a colour of its own, the finest with
/// the widest line, and its number where the network looked, or, where another number is in the way, beside that place and
/// joined to it. An outline lies just inside of what its window covers, but for its dark edge. What no window reached so far
/// is pale and grey. Lines and numbers grow with the photo; below about 180 pixels numbers become dots: enlarge the photo
/// first.
/// @param photo RGB, with sides of at most kMaximumCanvasSide. @throws InputError for any other.
Image draw_glimpses(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseMoment& moment);

}  // namespace fovea
