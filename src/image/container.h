#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// Checks the container of an image file before it is decoded: its format, its declared size, and its completeness. The
/// decoders behind OpenCV fill the rest of a truncated JPEG with uninitialised memory, and report damage by printing; a
/// library must do neither.
///
/// Formats: JPEG, PNG, WebP, TIFF, BMP and binary PGM/PPM (P5, P6). Completeness is checked for all but WebP and TIFF,
/// whose decoders fail without printing; a PNG's checksums are verified too.
/// @param path names the file in messages.
/// @return the bytes to decode; of a PNG, only the critical chunks and the orientation.
/// @throws InputError for an unknown format, a damaged or truncated file, or more than kMaximumImagePixels pixels.
std::vector<std::uint8_t> checked_image_bytes(std::vector<std::uint8_t> bytes, const std::string& path);

inline constexpr std::int64_t kMaximumImagePixels = std::int64_t{1} << 30;

/// @throws InputError when an image is larger than kMaximumImagePixels. @param height, width not negative.
void expect_image_size(std::int64_t height, std::int64_t width, const std::string& path);

}  // namespace fovea
