#pragma once

#include <cstdint>
#include <string>

namespace fovea {

/// The most pixels that an image may have, and the longest side.
inline constexpr std::int64_t kMaximumImagePixels = std::int64_t{1} << 29;
inline constexpr std::int64_t kMaximumImageSide = std::int64_t{1} << 20;

/// @throws InputError when an image is larger. @param height, width not negative. @param where its path or purpose.
void expect_image_size(std::int64_t height, std::int64_t width, const std::string& where);

}  // namespace fovea
