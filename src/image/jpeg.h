#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <fovea/image/image.h>

namespace fovea {

struct JpegPicture {
  Image image;          ///< RGB, as stored
  int orientation = 1;  ///< that its EXIF data ask for, 1 to 8
};

/// Decodes a JPEG: grey, YCbCr, RGB, CMYK or YCCK. Damage that a decoder could conceal, such as bytes that are no code, is
/// an error here, but for up to 64 stray bytes, which cameras leave and no pixel depends on. Nothing is printed.
/// @param bytes a complete file, as checked_image_bytes() gives it. @param path what error messages call it.
/// @throws InputError saying what is wrong with the file.
JpegPicture decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& path);

}  // namespace fovea
