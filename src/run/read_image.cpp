#include <fovea/image/decode.h>
#include <fovea/run/read_image.h>

namespace fovea {

Image read_image(const std::string& path) {
  return decode_image_file(path);
}

}  // namespace fovea
