#include <algorithm>

#include <fovea/data/augment.h>

namespace fovea {
namespace {

/// The image moved by (shift_x, shift_y) pixels; what comes in from outside is black. Equal to padding and cropping.
Image shifted(const Image& image, int shift_y, int shift_x) {
  Image moved(image.height, image.width, image.channels);
  for (int y = std::max(0, shift_y); y < std::min(image.height, image.height + shift_y); ++y) {
    for (int x = std::max(0, shift_x); x < std::min(image.width, image.width + shift_x); ++x) {
      for (int c = 0; c < image.channels; ++c) moved.at(y, x, c) = image.at(y - shift_y, x - shift_x, c);
    }
  }
  return moved;
}

void flip_left_right(Image& image) {
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width / 2; ++x) {
      for (int c = 0; c < image.channels; ++c) std::swap(image.at(y, x, c), image.at(y, image.width - 1 - x, c));
    }
  }
}

}  // namespace

void AugmentOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("pad_crop", pad_crop, {0, 1024}, "black border in pixels before a random crop of the old size; 0 = off");
  fields.real("flip", flip, kFraction, "probability of a left-right flip");
}

Image augmented(Image image, const AugmentOptions& options, RandomStream stream) {
  if (options.pad_crop > 0) {
    const auto range = static_cast<std::uint64_t>(2 * options.pad_crop + 1);
    const int shift_y = static_cast<int>(stream.below(range)) - static_cast<int>(options.pad_crop);
    const int shift_x = static_cast<int>(stream.below(range)) - static_cast<int>(options.pad_crop);
    image = shifted(image, shift_y, shift_x);
  }
  if (options.flip > 0 && stream.chance(options.flip)) flip_left_right(image);
  return image;
}

}  // namespace fovea
