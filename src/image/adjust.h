#pragma once

#include <fovea/image/affine.h>
#include <fovea/image/image.h>

namespace fovea {

// Adjustments of colours and geometry for augmentation. Each result equals, bit by bit, that of the named function of PIL or
// torchvision for a PIL image. Images have any size and, unless said otherwise, any number of channels, all treated alike;
// the result has the same shape. A factor interpolates between another image (factor 0) and the given one (factor 1), and
// extrapolates beyond.

/// Brightness (factor 0: black), as PIL's ImageEnhance.Brightness.
/// @param factor a number of any sign. @throws InputError for infinity or NaN.
Image with_brightness(Image image, double factor);

/// Contrast (factor 0: plain grey, the mean of the luma), as PIL's ImageEnhance.Contrast. Unless there are three channels,
/// the grey is the mean of all values. @param factor a number. @throws InputError for infinity or NaN.
Image with_contrast(Image image, double factor);

/// Saturation (factor 0: the grey image), as PIL's ImageEnhance.Color. A grey image is unchanged.
/// @param image 1 or 3 channels. @param factor a number. @throws InputError for other images, infinity or NaN.
Image with_saturation(Image image, double factor);

/// Sharpness (factor 0: the smoothed image), as PIL's ImageEnhance.Sharpness. The outermost pixels are unchanged.
/// @param factor a number. @throws InputError for infinity or NaN.
Image with_sharpness(Image image, double factor);

/// Hue, shifted along the colour circle, as torchvision's adjust_hue. The conversion to 8-bit HSV and back by itself changes
/// colours by a few levels. A grey image is unchanged.
/// @param image 1 or 3 channels. @param turn in [-0.5, 0.5], fraction of the circle. @throws InputError for others.
Image with_hue_turned(Image image, double turn);

/// Keeps the highest bits of every value: PIL's ImageOps.posterize. @param bits in 0..8. @throws InputError for others.
Image posterized(Image image, int bits);

/// Values from the threshold on inverted: PIL's ImageOps.solarize. @param threshold above 255: no change.
Image solarized(Image image, double threshold);

/// Each channel stretched to reach from 0 to 255: PIL's ImageOps.autocontrast. A channel of one value is unchanged.
Image autocontrasted(Image image);

/// Each channel with values spread so that all levels are as frequent as can be: PIL's ImageOps.equalize.
Image equalized(Image image);

/// The image warped by an affine transform, bilinear, rounded down, black outside of the image: PIL's Image.transform
/// with AFFINE and BILINEAR. @param to_source maps the result's coordinates to the image's, both in pixels from the top
/// left corner, so that pixel i covers [i, i + 1).
Image warped_image(const Image& image, const Affine& to_source);

}  // namespace fovea
