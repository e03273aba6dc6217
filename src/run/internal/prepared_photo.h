#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/data/preprocess.h>
#include <fovea/image/image.h>
#include <fovea/nn/batch.h>

namespace fovea {

/// @throws InputError unless the network's output has one value per class. @param logits their number.
void expect_classes(std::int64_t logits, const std::vector<std::string>& classes);

/// A photo, and a network's input made from it.
struct PreparedPhoto {
  Image photo;        ///< RGB, upright
  Batch batch;        ///< of one image
  Geometry geometry;  ///< from the network's input back to the photo
  int height = 0;     ///< of the network's input
  int width = 0;
};

/// @param photo with 1 or 3 channels. @param channels of the network's input. @throws InputError when it is too small.
PreparedPhoto prepare_photo(Image photo, const Preprocess& preprocess, int channels);

}  // namespace fovea
