#pragma once

#include <string>

#include <fovea/data/preprocess.h>
#include <fovea/image/image.h>
#include <fovea/nn/batch.h>

namespace fovea {

/// A photo, and what a network gets of it.
struct PreparedPhoto {
  Image photo;        ///< RGB, upright
  Batch batch;        ///< of one image
  Geometry geometry;  ///< from the network's input back to the photo
  int height = 0;     ///< of the network's input
  int width = 0;
};

/// @param channels of the network's input. @throws InputError naming the file.
PreparedPhoto prepare_photo(const std::string& path, const Preprocess& preprocess, int channels);

}  // namespace fovea
