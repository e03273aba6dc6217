#include <utility>

#include <fovea/data/augmentations/horizontal_flip.h>

namespace fovea {

void HorizontalFlip::visit_fields(FieldVisitor& fields) {
  fields.real("probability", probability, kFraction, "probability of a horizontal flip");
}

void HorizontalFlip::apply(Image& image, RandomStream& stream, const PixelValue& /*mean*/) const {
  if (!stream.chance(probability)) return;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width / 2; ++x) {
      for (int c = 0; c < image.channels; ++c) std::swap(image.at(y, x, c), image.at(y, image.width - 1 - x, c));
    }
  }
}

}  // namespace fovea
