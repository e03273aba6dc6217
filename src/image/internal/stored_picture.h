#pragma once

#include <fovea/image/image.h>

namespace fovea {

/// A decoded file before its orientation is applied.
struct StoredPicture {
  Image image;          ///< RGB, as stored
  int orientation = 1;  ///< of its EXIF data, 1 to 8
};

}  // namespace fovea
