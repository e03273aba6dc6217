#include <algorithm>

#include <fovea/data/augmentations/vertical_flip.h>

namespace fovea {

void VerticalFlip::visit_fields(FieldVisitor& fields) {
  fields.real("probability", probability, kFraction, "probability of a vertical flip");
}

void VerticalFlip::apply(Image& image, RandomStream& stream, const PixelValue& /*mean*/) const {
  if (!stream.chance(probability)) return;
  const auto row = static_cast<std::ptrdiff_t>(image.width) * image.channels;
  for (int y = 0; y < image.height / 2; ++y) {
    const auto upper = image.pixels.begin() + y * row;
    std::swap_ranges(upper, upper + row, image.pixels.begin() + (image.height - 1 - y) * row);
  }
}

}  // namespace fovea
