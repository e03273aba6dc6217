#include <fovea/base/error.h>
#include <fovea/data/augmentations/erasing.h>

namespace fovea {

void Erasing::visit_fields(FieldVisitor& fields) {
  fields.real("probability", probability, kFraction, "probability of erasing a rectangle");
  range.visit_fields(fields);
  fields.choice("fill", fill, {{"mean", ErasingFill::mean}, {"noise", ErasingFill::noise}}, "fill of the rectangle");
}

void Erasing::apply(Image& image, RandomStream& stream, const PixelValue& mean) const {
  if (fill == ErasingFill::mean && std::ssize(mean) != image.channels) {
    throw InputError("preprocess.mean", std::to_string(image.channels) + " values, one per channel",
                     std::to_string(mean.size()));
  }
  if (!stream.chance(probability)) return;
  const auto window = range.draw(image.height, image.width, stream);
  if (!window) return;
  for (int y = window->top; y < window->top + window->height; ++y) {
    for (int x = window->left; x < window->left + window->width; ++x) {
      for (int c = 0; c < image.channels; ++c) {
        image.at(y, x, c) =
            fill == ErasingFill::mean ? mean[static_cast<std::size_t>(c)] : static_cast<std::uint8_t>(stream.below(256));
      }
    }
  }
}

}  // namespace fovea
