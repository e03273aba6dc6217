#pragma once

#include <fovea/image/image.h>

namespace fovea {

/// Interpolation filter of a resize: weight of a source pixel as a function of its distance.
enum class Interpolation {
  bilinear,  ///< triangle, zero beyond one pixel
  bicubic,   ///< Keys' cubic, zero beyond two pixels; parameter -1/2, and -3/4 without antialias, as in PIL and PyTorch
  area,      ///< box of one pixel: the mean of the covered pixels; without antialias the pixel at its centre
};

/// "bilinear", "bicubic" or "area".
const char* to_string(Interpolation interpolation);

/// A rectangle of whole pixels of an image.
struct Window {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
};

/// The window of an image, resized to height x width: crop first, then resize, so that no pixel outside the window counts.
/// Pixel i covers [i, i + 1), and the corners of the window become the corners of the result.
///
/// With `antialias` the filter is as wide as a pixel of the result wherever that is larger than a source pixel, and the
/// result is that of PIL's Image.resize, bit by bit. Without, it is that of torch.nn.functional.interpolate with
/// align_corners=False (for area: mode "nearest-exact") on float pixels, rounded half to even.
/// @param image [H, W, C], any number of channels. @param height, width at least 1.
/// @return [height, width, C]. @throws InputError for a window that is empty or not inside the image, or an empty result.
Image resampled(const Image& image, const Window& window, int height, int width, Interpolation interpolation,
                bool antialias);

/// Copy of a window of an image. @return [window.height, window.width, C].
/// @throws InputError for a window that is empty or not inside the image.
Image cropped_image(const Image& image, const Window& window);

}  // namespace fovea
