#pragma once

#include <string>

#include <fovea/image/image.h>

namespace fovea {

/// A photo from a JPEG, PNG, WebP, TIFF, BMP, PGM or PPM file: RGB, upright. @throws InputError naming the file.
Image read_image(const std::string& path);

}  // namespace fovea
