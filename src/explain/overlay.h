#pragma once

#include <fovea/explain/photo_map.h>
#include <fovea/image/color_map.h>
#include <fovea/image/image.h>

namespace fovea {

/// Colours and opacity of an overlay.
struct OverlayStyle {
  ColorMap color_map = ColorMap::inferno;
  double low = 0;        ///< value of the first colour, and of everything below
  double high = 1;       ///< value of the last colour, and of everything above; low < high, else all have the first colour
  double opacity = 0.5;  ///< of the colours, in [0, 1]
};

/// Colour of a pixel outside the network input: halfway from its luma (ITU-R BT.601) to white, which is in no colour map.
Rgb8 unseen_color(Rgb8 pixel);

/// The photo at its own size under the colours of a map. Pixels outside the network input (the crop) are pale and grey.
/// @param photo RGB. @throws InputError for another number of channels, or an opacity outside [0, 1].
Image draw_overlay(const Image& photo, const PhotoMap& map, const OverlayStyle& style);

}  // namespace fovea
