#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/image/image.h>

namespace fovea {

/// A PNG file of an image, compressed for speed. Without time stamps: the same image gives the same bytes.
/// @param image [H, W, C] with C = 1 (written as grey) or 3 (RGB), sides of 1 to 1 000 000 pixels.
/// @throws InputError for any other image; SystemError when the encoder fails, e.g. for lack of memory.
std::vector<std::uint8_t> encode_png(const Image& image);

/// Writes a PNG file; an existing file is replaced atomically. The directory must exist.
/// @throws as encode_png and write_file_atomically do.
void write_png(const std::string& path, const Image& image);

}  // namespace fovea
