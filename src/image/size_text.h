#pragma once

#include <cstdint>
#include <string>

#include <fovea/image/image.h>

namespace fovea {

// Sizes in messages, the height first, as in [H, W, C]. A message says the order once.

/// "480 x 640".
std::string size_text(std::int64_t height, std::int64_t width);

/// "480 x 640 pixels (height x width)".
std::string pixels_text(std::int64_t height, std::int64_t width);

/// "480 x 640 x 3", height, width and channels.
std::string shape_text(const Image& image);

}  // namespace fovea
