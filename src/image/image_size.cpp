#include <algorithm>

#include <fovea/base/error.h>
#include <fovea/image/image_size.h>
#include <fovea/image/size_text.h>

namespace fovea {

void expect_image_size(std::int64_t height, std::int64_t width, const std::string& where) {
  const char* advice = "scale it down first";
  const std::string size = size_text(height, width) + " (height x width)";
  if (height > 0 && width > kMaximumImagePixels / height) {
    throw InputError(where, "an image of at most " + std::to_string(kMaximumImagePixels) + " pixels", size, advice);
  }
  if (std::max(height, width) > kMaximumImageSide) {
    throw InputError(where, "an image of at most " + std::to_string(kMaximumImageSide) + " pixels per side", size, advice);
  }
}

}  // namespace fovea
