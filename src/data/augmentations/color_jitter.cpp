#include <algorithm>
#include <array>
#include <utility>

#include <fovea/data/augmentations/color_jitter.h>
#include <fovea/data/internal/shuffle.h>
#include <fovea/image/adjust.h>

namespace fovea {
namespace {

struct ColorChange {
  bool wanted;
  Image (*change)(Image, double);
  double value;
};

}  // namespace

void ColorJitter::visit_fields(FieldVisitor& fields) {
  constexpr RealRange kStrength{.minimum = 0, .maximum = 10};
  fields.real("probability", probability, kFraction, "probability of changing the colours");
  fields.real("brightness", brightness, kStrength, "largest difference of the brightness factor from 1");
  fields.real("contrast", contrast, kStrength, "largest difference of the contrast factor from 1");
  fields.real("saturation", saturation, kStrength, "largest difference of the saturation factor from 1");
  fields.real("hue", hue, {.minimum = 0, .maximum = 0.5}, "largest shift of the hue, as a fraction of the colour circle");
}

void ColorJitter::apply(Image& image, RandomStream& stream, const PixelValue& /*mean*/) const {
  if (!stream.chance(probability)) return;
  const auto factor = [&](double strength) { return stream.uniform(std::max(0.0, 1 - strength), 1 + strength); };
  const bool rgb = image.channels == 3;
  std::array<ColorChange, 4> changes{{{brightness > 0, with_brightness, factor(brightness)},
                                      {contrast > 0, with_contrast, factor(contrast)},
                                      {saturation > 0 && rgb, with_saturation, factor(saturation)},
                                      {hue > 0 && rgb, with_hue_turned, stream.uniform(-hue, hue)}}};
  shuffle(changes, stream);
  for (const auto& [wanted, change, value] : changes) {
    if (wanted) image = change(std::move(image), value);
  }
}

}  // namespace fovea
