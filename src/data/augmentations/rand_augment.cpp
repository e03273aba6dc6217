#include <array>
#include <cmath>
#include <numbers>

#include <fovea/data/augmentations/rand_augment.h>
#include <fovea/image/adjust.h>

namespace fovea {
namespace {

constexpr std::int64_t kLargestMagnitude = 30;

/// An operation at a strength in [-1, 1]; negative only if it has two directions.
struct RandOperation {
  bool two_directions;
  Image (*change)(const Image&, double strength);
};

Image unchanged(const Image& image, double /*strength*/) {
  return image;
}

Image sheared_across(const Image& image, double strength) {
  return warped_image(image, {1, 0.3 * strength, 0, 0, 1, 0});
}

Image sheared_down(const Image& image, double strength) {
  return warped_image(image, {1, 0, 0, 0.3 * strength, 1, 0});
}

/// Translation by whole pixels.
double translation(int side, double strength) {
  return std::trunc(150.0 / 331.0 * side * strength);
}

Image translated_across(const Image& image, double strength) {
  return warped_image(image, {1, 0, -translation(image.width, strength), 0, 1, 0});
}

Image translated_down(const Image& image, double strength) {
  return warped_image(image, {1, 0, 0, 0, 1, -translation(image.height, strength)});
}

/// Rotation about the centre, counter-clockwise, by up to 30 degrees.
Image rotated(const Image& image, double strength) {
  const double angle = strength * std::numbers::pi / 6;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  const double x = image.width / 2.0;
  const double y = image.height / 2.0;
  return warped_image(image, {cosine, -sine, x - cosine * x + sine * y, sine, cosine, y - sine * x - cosine * y});
}

/// Adjustment whose factor differs from 1 by up to 0.9.
template <Image (*with_property)(Image, double)>
Image enhanced(const Image& image, double strength) {
  return with_property(image, 1 + 0.9 * strength);
}

Image enhanced_in_saturation(const Image& image, double strength) {
  return image.channels == 3 ? enhanced<with_saturation>(image, strength) : image;
}

Image with_fewer_bits(const Image& image, double strength) {
  return posterized(image, 8 - static_cast<int>(std::lround(4 * strength)));
}

Image with_inverted_highlights(const Image& image, double strength) {
  return solarized(image, 255 * (1 - strength));
}

Image with_full_range(const Image& image, double /*strength*/) {
  return autocontrasted(image);
}

Image with_flat_histogram(const Image& image, double /*strength*/) {
  return equalized(image);
}

constexpr std::array<RandOperation, 14> kRandOperations{{{false, unchanged},
                                                         {true, sheared_across},
                                                         {true, sheared_down},
                                                         {true, translated_across},
                                                         {true, translated_down},
                                                         {true, rotated},
                                                         {true, enhanced<with_brightness>},
                                                         {true, enhanced_in_saturation},
                                                         {true, enhanced<with_contrast>},
                                                         {true, enhanced<with_sharpness>},
                                                         {false, with_fewer_bits},
                                                         {false, with_inverted_highlights},
                                                         {false, with_full_range},
                                                         {false, with_flat_histogram}}};

}  // namespace

void RandAugment::visit_fields(FieldVisitor& fields) {
  fields.integer("operations", operations, {0, 14}, "number of operations per image; 0 = off");
  fields.integer("magnitude", magnitude, {0, kLargestMagnitude}, "magnitude of all operations; 30 is the largest");
}

void RandAugment::apply(Image& image, RandomStream& stream, const PixelValue& /*mean*/) const {
  const double strength = static_cast<double>(magnitude) / kLargestMagnitude;
  for (std::int64_t i = 0; i < operations; ++i) {
    const RandOperation& operation = kRandOperations[stream.below(kRandOperations.size())];
    const bool backwards = operation.two_directions && stream.chance(0.5);
    image = operation.change(image, backwards ? -strength : strength);
  }
}

}  // namespace fovea
