#pragma once

#include <fovea/image/image.h>

namespace fovea {

/// How an image's pixels become those of the place it is drawn to.
enum class Scaling {
  nearest,  ///< each takes the nearest: pixels stay visible as squares
  smooth    ///< shrinking averages the areas, enlarging interpolates linearly
};

/// A picture at another size, for people to look at: not what networks get, see resampled().
/// @param image of 1 or 3 channels, with pixels. @param height, width at least 1. @throws SystemError when it is too large.
Image scaled(const Image& image, int height, int width, Scaling scaling);

}  // namespace fovea
