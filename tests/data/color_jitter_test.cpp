#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include <fovea/image/adjust.h>

#include "augmentation_cases.h"

namespace fovea {
namespace {

TEST(ColorJitterTest, BrightnessStaysInItsRange) {
  const AugmentOptions options =
      augment_from("{color_jitter: {probability: 1, brightness: 0.4, contrast: 0, saturation: 0, hue: 0}}");
  const Image image = plain_image(2, 3, 3, 100);
  constexpr int kPictures = 2000;
  double sum = 0;
  int smallest = 255;
  int largest = 0;
  for (std::uint64_t index = 0; index < kPictures; ++index) {
    const Image changed = applied(options, image, index);
    const int value = changed.pixels[0];
    EXPECT_EQ(changed.pixels, plain_image(2, 3, 3, value).pixels);
    smallest = std::min(smallest, value);
    largest = std::max(largest, value);
    sum += value;
  }
  EXPECT_EQ(smallest, 60);  // 100 * 0.6 to 100 * 1.4, rounded down
  EXPECT_EQ(largest, 139);
  EXPECT_NEAR(sum / kPictures, 99.5, 5 * 80 / std::sqrt(12.0 * kPictures));
}

TEST(ColorJitterTest, ALargeDeviationStopsAtBlack) {
  const AugmentOptions options =
      augment_from("{color_jitter: {probability: 1, brightness: 2, contrast: 0, saturation: 0, hue: 0}}");
  double sum = 0;
  for (std::uint64_t index = 0; index < 1000; ++index) sum += applied(options, plain_image(1, 1, 1, 60), index).pixels[0];
  EXPECT_NEAR(sum / 1000, 60 * 1.5 - 0.5, 5 * 180 / std::sqrt(12.0 * 1000));  // factors in [0, 3], not [-1, 3]
}

TEST(ColorJitterTest, EveryOrderHappens) {
  const AugmentOptions options =
      augment_from("{color_jitter: {probability: 1, brightness: 0.9, contrast: 0.8, saturation: 0.7, hue: 0.5}}");
  const Image image = noise_image(6, 9, 3, 8);
  std::set<std::array<int, 4>> seen;
  for (std::uint64_t index = 0; index < 400; ++index) {
    RandomStream stream = sample_stream(index).child("color_jitter");
    stream.uniform();  // whether at all
    const double brightness = stream.uniform(0.1, 1.9);
    const double contrast = stream.uniform(0.2, 1.8);
    const double saturation = stream.uniform(0.3, 1.7);
    const double turn = stream.uniform(-0.5, 0.5);
    const auto pixels = applied(options, image, index).pixels;
    std::set<std::array<int, 4>> matches;
    std::array<int, 4> order{0, 1, 2, 3};
    do {
      Image changed = image;
      for (const int change : order) {
        if (change == 0) changed = with_brightness(changed, brightness);
        if (change == 1) changed = with_contrast(changed, contrast);
        if (change == 2) changed = with_saturation(changed, saturation);
        if (change == 3) changed = with_hue_turned(changed, turn);
      }
      if (changed.pixels == pixels) matches.insert(order);
    } while (std::ranges::next_permutation(order).found);
    EXPECT_FALSE(matches.empty()) << "sample " << index;
    if (matches.size() == 1) seen.merge(matches);
  }
  EXPECT_EQ(seen.size(), 24U);  // 400 / 24 = 17 of each expected
}

TEST(ColorJitterTest, ZeroDeviationsChangeNothing) {
  const AugmentOptions options =
      augment_from("{color_jitter: {probability: 1, brightness: 0, contrast: 0, saturation: 0, hue: 0}}");
  const Image image = noise_image(7, 5, 3, 9);
  for (std::uint64_t index = 0; index < 20; ++index) EXPECT_EQ(applied(options, image, index).pixels, image.pixels);
}

TEST(ColorJitterTest, SaturationAndHueAreForRgbOnly) {
  const AugmentOptions options =
      augment_from("{color_jitter: {probability: 1, brightness: 0, contrast: 0, saturation: 0.9, hue: 0.5}}");
  for (const int channels : {1, 2, 4}) {
    const Image image = noise_image(7, 5, channels, 10);
    EXPECT_EQ(applied(options, image, 0).pixels, image.pixels) << channels << " channels";
  }
  EXPECT_NE(applied(options, noise_image(7, 5, 3, 10), 0).pixels, noise_image(7, 5, 3, 10).pixels);
}

TEST(ColorJitterTest, HasItsProbability) {
  expect_probability(augment_from("{color_jitter: 0.3}"), noise_image(4, 4, 3, 11), 0.3);
}

}  // namespace
}  // namespace fovea
