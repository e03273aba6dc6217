#pragma once

#include <string>

#include <fovea/image/decode.h>
#include <fovea/image/image.h>

namespace fovea {

/// A photo from a JPEG, PNG, WebP, TIFF, BMP, PBM, PGM or PPM file: RGB, upright. @param options those of a model are in its
/// description. @throws InputError naming the file.
Image read_image(const std::string& path, const DecodeOptions& options = {});

}  // namespace fovea
