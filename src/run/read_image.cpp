#include <fovea/run/read_image.h>

namespace fovea {

Image read_image(const std::string& path, const DecodeOptions& options) {
  return decode_image_file(path, options);
}

}  // namespace fovea
