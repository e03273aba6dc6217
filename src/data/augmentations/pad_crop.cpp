#include <algorithm>

#include <fovea/data/augmentations/pad_crop.h>

namespace fovea {
namespace {

/// The image shifted by (shift_x, shift_y) pixels with black from outside. Equal to padding and cropping.
Image shifted(const Image& image, int shift_y, int shift_x) {
  Image moved(image.height, image.width, image.channels);
  for (int y = std::max(0, shift_y); y < std::min(image.height, image.height + shift_y); ++y) {
    for (int x = std::max(0, shift_x); x < std::min(image.width, image.width + shift_x); ++x) {
      for (int c = 0; c < image.channels; ++c) moved.at(y, x, c) = image.at(y - shift_y, x - shift_x, c);
    }
  }
  return moved;
}

}  // namespace

void PadCrop::visit_fields(FieldVisitor& fields) {
  fields.integer("pixels", pixels, {0, 1024}, "pixels of black border before a random crop of the original size; 0 = off");
}

void PadCrop::apply(Image& image, RandomStream& stream, const PixelValue& /*mean*/) const {
  const auto positions = static_cast<std::uint64_t>(2 * pixels + 1);
  const int shift_y = static_cast<int>(stream.below(positions)) - static_cast<int>(pixels);
  const int shift_x = static_cast<int>(stream.below(positions)) - static_cast<int>(pixels);
  image = shifted(image, shift_y, shift_x);
}

}  // namespace fovea
