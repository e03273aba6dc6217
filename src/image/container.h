#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// Looks at the outside of an image file before a decoder sees it: which format it is, how many pixels it declares, and
/// whether it is all there. The decoders behind OpenCV fill the rest of a truncated JPEG with whatever is in memory, and
/// report damage by printing; a library must do neither.
///
/// Formats: JPEG, PNG, WebP, TIFF, BMP and binary PGM/PPM (P5, P6). Completeness is checked for all but WebP and TIFF,
/// whose decoders refuse quietly; a PNG's checksums are verified too.
/// @param path what error messages call the file.
/// @return the bytes to decode: those given, for a PNG without the chunks that do not carry pixels or orientation.
/// @throws InputError for an unknown format, a damaged or truncated file, or more than kMaximumImagePixels pixels.
std::vector<std::uint8_t> checked_image_bytes(std::vector<std::uint8_t> bytes, const std::string& path);

inline constexpr std::int64_t kMaximumImagePixels = std::int64_t{1} << 30;

/// @throws InputError when an image is larger than kMaximumImagePixels. @param height, width not negative.
void check_image_size(std::int64_t height, std::int64_t width, const std::string& path);

}  // namespace fovea
