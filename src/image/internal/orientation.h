#pragma once

#include <cstdint>
#include <span>

namespace fovea {

/// Orientation of EXIF data (a TIFF): 1 (as stored) to 8 as in the EXIF standard; 1 when there is none or it
/// is damaged.
int exif_orientation(std::span<const std::uint8_t> tiff);

/// Orientation of a WebP file, which OpenCV does not read (a test detects if that changes); 1 for any other file.
int webp_orientation(std::span<const std::uint8_t> bytes);

}  // namespace fovea
