#include <fovea/image/size_text.h>

namespace fovea {

std::string size_text(std::int64_t height, std::int64_t width) {
  return std::to_string(height) + " x " + std::to_string(width);
}

std::string pixels_text(std::int64_t height, std::int64_t width) {
  return size_text(height, width) + " pixels (height x width)";
}

std::string shape_text(const Image& image) {
  return size_text(image.height, image.width) + " x " + std::to_string(image.channels);
}

}  // namespace fovea
