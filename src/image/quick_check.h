#pragma once

#include <string>

namespace fovea {

/// Quick check of an image file by its first and last bytes, for folders of many: finds files that are missing, empty, of
/// another kind, or incomplete. An image that passes may still have damaged pixels. May be called from several threads.
/// @throws InputError naming the path, as decode_image_file() does.
void expect_complete_image_file(const std::string& path);

}  // namespace fovea
