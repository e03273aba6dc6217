#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <fovea/image/image.h>

namespace fovea {

struct JpegPicture {
  Image image;          ///< RGB, as stored
  int orientation = 1;  ///< of its EXIF data, 1 to 8
};

/// Decodes a JPEG: grey, YCbCr, RGB, CMYK or YCCK. Damage that a decoder could conceal, such as invalid codes, is an
/// error, except for up to 64 stray bytes, which cameras leave and no pixel depends on. It does not print.
/// @param bytes a complete file, as checked_image_bytes() gives it. @param path names the file in messages.
/// @throws InputError saying what is wrong with the file.
JpegPicture decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& path);

}  // namespace fovea
