#include <algorithm>
#include <cmath>

#include <fovea/data/augmentations/random_resized_crop.h>

namespace fovea {
namespace {

/// Largest centred window with an aspect in the range.
Window largest_centred_window(int height, int width, double smallest_aspect, double largest_aspect) {
  const auto rounded = [](double side) { return std::max(1, static_cast<int>(std::lrint(side))); };
  Window window{0, 0, height, width};
  if (width < smallest_aspect * height) window.height = rounded(width / smallest_aspect);
  if (width > largest_aspect * height) window.width = rounded(height * largest_aspect);
  window.top = (height - window.height) / 2;
  window.left = (width - window.width) / 2;
  return window;
}

}  // namespace

void RandomResizedCrop::visit_fields(FieldVisitor& fields) {
  fields.real("probability", probability, kFraction, "probability of the crop; otherwise the whole photo is resized");
  range.visit_fields(fields);
}

std::optional<Window> RandomResizedCrop::window(int height, int width, RandomStream& stream) const {
  if (!stream.chance(probability)) return std::nullopt;
  if (const auto window = range.draw(height, width, stream)) return window;
  return largest_centred_window(height, width, range.aspect[0], range.aspect[1]);
}

}  // namespace fovea
