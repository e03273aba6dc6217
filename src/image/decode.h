#pragma once

#include <string>

#include <fovea/image/image.h>

namespace fovea {

/// Decodes a JPEG, PNG, WebP, TIFF, BMP, PGM or PPM file to 8-bit RGB, in the orientation of its EXIF data: grey is
/// repeated over the three channels, 16-bit values are scaled to 8, alpha is dropped. May be called from several threads.
/// @return an image [H, W, 3] of at most 2^30 pixels.
/// @throws InputError naming the path for a missing file, a folder, an empty, damaged, unknown or too large image.
/// @throws SystemError when the memory is exhausted.
Image decode_image_file(const std::string& path);

/// The image with 1 or 3 channels: RGB becomes the luma of ITU-R BT.601, rounded as PIL rounds it; grey is repeated.
/// @param image any size, 1 or 3 channels. @throws InputError for any other number of channels, before or after, and
/// for an image that expect_complete() refuses.
Image to_channels(const Image& image, int channels);

}  // namespace fovea
