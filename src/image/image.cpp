#include <algorithm>

#include <fovea/base/error.h>
#include <fovea/image/image.h>
#include <fovea/image/size_text.h>

namespace fovea {

void expect_complete(const Image& image, const std::string& where) {
  const std::string shape = shape_text(image) + " (height x width x channels)";
  if (std::min({image.height, image.width, image.channels}) < 0) {
    throw InputError(where, "an image without negative sides", shape);
  }
  const std::size_t values = static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width) *
                             static_cast<std::size_t>(image.channels);
  if (image.pixels.size() == values) return;
  throw InputError(where, std::to_string(values) + " values in an image of " + shape, std::to_string(image.pixels.size()));
}

void expect_valid(const Image& image, const std::string& where) {
  expect_complete(image, where);
  if (image.pixels.empty()) {
    throw InputError(where, "an image of at least one pixel and channel",
                     shape_text(image) + " (height x width x channels)");
  }
}

}  // namespace fovea
