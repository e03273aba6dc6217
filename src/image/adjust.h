#pragma once

#include <fovea/image/affine.h>
#include <fovea/image/image.h>

namespace fovea {

// Adjustments of colours and geometry for augmentation. Each result equals, bit by bit, that of the named function of PIL or
// torchvision for a PIL image. Images have any size and, unless said otherwise, any number of
// channels, all treated alike; the result has the same shape.

/// Between black (0), the image (1) and beyond: PIL's ImageEnhance.Brightness.
/// @param factor a number of any sign. @throws InputError for infinity or NaN.
Image with_brightness(Image image, double factor);

/// Between plain grey, the mean of the image's luma (0), the image (1) and beyond: PIL's ImageEnhance.Contrast. Unless there
/// are three channels, the grey is the mean of all values. @param factor a number. @throws InputError for infinity or NaN.
Image with_contrast(Image image, double factor);

/// Between the grey image (0), the image (1) and beyond: PIL's ImageEnhance.Color. Changes nothing in a grey image.
/// @param image 1 or 3 channels. @param factor a number. @throws InputError for other images, infinity or NaN.
Image with_saturation(Image image, double factor);

/// Between the smoothed image (0), the image (1) and beyond: PIL's ImageEnhance.Sharpness. The outermost pixels stay.
/// @param factor a number. @throws InputError for infinity or NaN.
Image with_sharpness(Image image, double factor);

/// Hues turned around the colour circle, through 8-bit hue, saturation and value, which by itself changes colours by a few
/// levels: torchvision's adjust_hue. Changes nothing in a grey image.
/// @param image 1 or 3 channels. @param turn in [-0.5, 0.5], of the whole circle. @throws InputError for others.
Image with_hue_turned(Image image, double turn);

/// Keeps the highest bits of every value: PIL's ImageOps.posterize. @param bits in 0..8. @throws InputError for others.
Image posterized(Image image, int bits);

/// Values from the threshold on inverted: PIL's ImageOps.solarize. @param threshold above 255: no change.
Image solarized(Image image, double threshold);

/// Each channel stretched to reach from 0 to 255: PIL's ImageOps.autocontrast. A channel of one value stays.
Image autocontrasted(Image image);

/// Each channel with values spread so that all levels are as frequent as can be: PIL's ImageOps.equalize.
Image equalized(Image image);

/// The image warped by an affine transform, bilinear, rounded down, black outside of the image: PIL's Image.transform
/// with AFFINE and BILINEAR. @param to_source maps the result's coordinates to the image's, both in pixels from the top
/// left corner, so that pixel i covers [i, i + 1).
Image warped(const Image& image, const Affine& to_source);

}  // namespace fovea
