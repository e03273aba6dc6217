#pragma once

#include <fovea/image/image.h>

namespace fovea {

/// Filter for scaling pictures.
enum class Scaling {
  nearest,  ///< nearest neighbour: pixels stay visible as squares
  smooth    ///< shrinking averages the areas, enlarging interpolates linearly
};

/// A picture at another size, for display only; for network input see resampled().
/// @param image of 1 or 3 channels, with pixels. @param height, width at least 1. @throws SystemError when it is too large.
Image scaled_image(const Image& image, int height, int width, Scaling scaling);

}  // namespace fovea
