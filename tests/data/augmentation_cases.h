#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/data/augment.h>
#include <fovea/data/internal/mix.h>

namespace fovea {

/// `data.augment` as a configuration would give it, e.g. "{flip: 0.5}".
inline AugmentOptions augment_from(const std::string& yaml) {
  AugmentOptions options;
  read_fields(options, parse_yaml(yaml, "a.yaml"), "data.augment");
  return options;
}

/// Options of the row `name`, set from C++.
template <typename Type>
Type& augmentation(AugmentOptions& options, const std::string& name) {
  for (const AugmentOptions::Part& part : options.parts()) {
    if (part.row->name == name) return dynamic_cast<Type&>(*part.augmentation);
  }
  throw Error("no augmentation is called " + name);
}

inline RandomStream sample_stream(std::uint64_t index) {
  return {0, Purpose::augment, {index}};
}

/// An image in which no two of the first 255 bytes are equal and none is black.
inline Image distinct_image(int height, int width, int channels) {
  Image image(height, width, channels);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(1 + i % 255);
  return image;
}

/// An image of independent uniform bytes.
inline Image noise_image(int height, int width, int channels, std::uint64_t seed) {
  Image image(height, width, channels);
  RandomStream stream(seed, Purpose::test);
  for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>(stream.below(256));
  return image;
}

inline Image plain_image(int height, int width, int channels, int value) {
  Image image(height, width, channels);
  for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>(value);
  return image;
}

/// Image of AugmentOptions::apply for one sample; the mean is 128 in every channel.
inline Image applied(const AugmentOptions& options, Image image, std::uint64_t index) {
  options.apply(image, sample_stream(index), PixelValue(static_cast<std::size_t>(image.channels), 128));
  return image;
}

/// Expects that the options change about `probability` of all copies of an image.
inline void expect_probability(const AugmentOptions& options, const Image& image, double probability) {
  constexpr int kPictures = 2000;
  int changed = 0;
  for (std::uint64_t index = 0; index < kPictures; ++index) {
    changed += applied(options, image, index).pixels != image.pixels ? 1 : 0;
  }
  EXPECT_NEAR(changed / double{kPictures}, probability, 5 * std::sqrt(probability * (1 - probability) / kPictures));
}

/// The first picture of a batch of two, mixed.
struct MixedPicture {
  Image image;
  double lambda = 1;
};

inline MixedPicture mixed_with(const AugmentOptions& options, const Image& image, const Image& partner,
                               std::uint64_t index) {
  std::vector<Image> images{image, partner};
  const auto mixed = mix_batch(options, images, {0, 1}, {sample_stream(index), sample_stream(index + 1'000'000)});
  return {images[0], mixed ? mixed->lambda[0] : 1.0};
}

}  // namespace fovea
