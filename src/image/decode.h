#pragma once

#include <optional>
#include <string>

#include <fovea/image/image.h>

namespace fovea {

/// Handling of transparency.
enum class Alpha {
  drop,   ///< colours stay as they are stored, as in PIL's convert("RGB")
  white,  ///< pixels are blended with white
  black,  ///< pixels are blended with black
};

/// Values of a file with more than 8 bits that become black and white; those between are scaled linearly.
struct Levels {
  int low = 0;
  int high = 65535;  ///< more than `low`

  friend bool operator==(const Levels& one, const Levels& other) = default;
};

/// Reading of image files.
struct DecodeOptions {
  Alpha alpha = Alpha::drop;
  std::optional<Levels> levels = std::nullopt;  ///< none: the format's whole range

  friend bool operator==(const DecodeOptions& one, const DecodeOptions& other) = default;
};

/// Decodes a JPEG, PNG, WebP, TIFF, BMP, PBM, PGM or PPM file to 8-bit RGB, in the orientation of its EXIF data: grey is
/// repeated over the three channels, values of up to 16 bits are scaled to 8. Of an animation it gives the first frame. May
/// be called from several threads; it prints nothing.
///
/// Size is checked before memory is allocated: an image has at most kMaximumImagePixels, and beyond 2^24 pixels at most 2^14
/// for each byte of the file (JPEG: 2^10). Decoding takes at most 3 GiB beside the file's bytes; 3 to 11 bytes per pixel,
/// the most for interlaced and progressive files.
/// @return an image [H, W, 3].
/// @throws InputError naming the path for an option out of its range, a missing file, a folder, an empty, damaged, unknown
/// or too large image, saying what was expected, where in the file, and what was found.
/// @throws SystemError when the memory is exhausted.
Image decode_image_file(const std::string& path, const DecodeOptions& options = {});

/// The image with 1 or 3 channels: RGB becomes the luma of ITU-R BT.601, rounded as PIL rounds it; grey is repeated.
/// @param image any size, 1 or 3 channels. @throws InputError for any other number of channels, before or after, and
/// for an image that expect_complete() refuses.
Image to_channels(const Image& image, int channels);

}  // namespace fovea
