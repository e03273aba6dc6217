#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/data/augment.h>

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// An image in which no two bytes are equal and none is black.
Image distinct_image(int height, int width, int channels) {
  Image image(height, width, channels);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i + 1);
  return image;
}

/// What pad_crop means: `pad` black pixels on each side, then a crop of the old size from (top, left).
Image padded_and_cropped(const Image& image, int pad, int top, int left) {
  Image padded(image.height + 2 * pad, image.width + 2 * pad, image.channels);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) padded.at(y + pad, x + pad, c) = image.at(y, x, c);
    }
  }
  Image crop(image.height, image.width, image.channels);
  for (int y = 0; y < crop.height; ++y) {
    for (int x = 0; x < crop.width; ++x) {
      for (int c = 0; c < crop.channels; ++c) crop.at(y, x, c) = padded.at(y + top, x + left, c);
    }
  }
  return crop;
}

AugmentOptions augment_options(std::int64_t pad_crop, double flip) {
  AugmentOptions options;
  options.pad_crop = pad_crop;
  options.flip = flip;
  return options;
}

Image augmented_copy(const Image& image, const AugmentOptions& options, std::uint64_t draw) {
  return augmented(image, options, RandomStream(0, Purpose::augment, {draw}));
}

TEST(AugmentTest, IsOffByDefault) {
  const Image image = distinct_image(4, 5, 3);
  for (std::uint64_t draw = 0; draw < 20; ++draw) {
    EXPECT_EQ(augmented_copy(image, AugmentOptions{}, draw).pixels, image.pixels);
  }
}

TEST(AugmentTest, PadCropIsAPaddedCrop) {
  const Image image = distinct_image(5, 4, 3);
  for (const int pad : {1, 2}) {
    std::vector<Image> crops;
    for (int top = 0; top <= 2 * pad; ++top) {
      for (int left = 0; left <= 2 * pad; ++left) crops.push_back(padded_and_cropped(image, pad, top, left));
    }
    std::vector<int> seen(crops.size());
    const int draws = 20 * static_cast<int>(crops.size());  // one of n crops is missed once in e^20 / n choices
    for (int draw = 0; draw < draws; ++draw) {
      const Image moved = augmented_copy(image, augment_options(pad, 0), static_cast<std::uint64_t>(draw));
      ASSERT_EQ(moved.height, image.height);
      ASSERT_EQ(moved.width, image.width);
      ASSERT_EQ(moved.channels, image.channels);
      int matches = 0;
      for (std::size_t i = 0; i < crops.size(); ++i) {
        if (crops[i].pixels != moved.pixels) continue;
        ++seen[i];
        ++matches;
      }
      ASSERT_EQ(matches, 1) << "draw " << draw;
    }
    EXPECT_THAT(seen, testing::Each(testing::Gt(0))) << "pad " << pad;
  }
}

TEST(AugmentTest, PadMayExceedTheImage) {
  const Image image = distinct_image(2, 3, 1);
  std::set<std::vector<std::uint8_t>> allowed;
  for (int top = 0; top <= 10; ++top) {
    for (int left = 0; left <= 10; ++left) allowed.insert(padded_and_cropped(image, 5, top, left).pixels);
  }
  std::set<std::vector<std::uint8_t>> seen;
  for (std::uint64_t draw = 0; draw < 500; ++draw) seen.insert(augmented_copy(image, augment_options(5, 0), draw).pixels);
  EXPECT_TRUE(seen.contains(std::vector<std::uint8_t>(6, 0)));  // moved out of sight
  EXPECT_GT(seen.size(), 5U);
  for (const auto& pixels : seen) EXPECT_TRUE(allowed.contains(pixels));
}

TEST(AugmentTest, FlipMirrorsLeftAndRight) {
  for (const int width : {4, 5}) {
    const Image image = distinct_image(3, width, 3);
    const Image mirrored = augmented_copy(image, augment_options(0, 1), 0);
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) ASSERT_EQ(mirrored.at(y, x, c), image.at(y, width - 1 - x, c));
      }
    }
    EXPECT_EQ(augmented_copy(mirrored, augment_options(0, 1), 1).pixels, image.pixels);  // twice is nothing
  }
}

TEST(AugmentTest, FlipHasItsProbability) {
  const Image image = distinct_image(1, 2, 1);
  constexpr int kImages = 2000;
  int flipped = 0;
  for (int i = 0; i < kImages; ++i) {
    flipped += augmented_copy(image, augment_options(0, 0.3), static_cast<std::uint64_t>(i)).pixels != image.pixels ? 1 : 0;
  }
  EXPECT_NEAR(flipped / double{kImages}, 0.3, 5 * std::sqrt(0.3 * 0.7 / kImages));  // 5 standard deviations
}

TEST(AugmentTest, DependsOnTheStreamsKeyOnly) {
  const Image image = distinct_image(6, 7, 3);
  const AugmentOptions options = augment_options(2, 0.5);
  std::set<std::vector<std::uint8_t>> seen;
  for (std::uint64_t draw = 0; draw < 30; ++draw) {
    const Image first = augmented_copy(image, options, draw);
    EXPECT_EQ(augmented_copy(image, options, draw).pixels, first.pixels);
    seen.insert(first.pixels);
  }
  EXPECT_GT(seen.size(), 10U);  // of 50 possible ones
}

TEST(AugmentTest, ReadsItsOptions) {
  AugmentOptions options;
  read_fields(options, parse_yaml("{pad_crop: 4, flip: 0.5}", "a.yaml"), "data.augment");
  EXPECT_EQ(options.pad_crop, 4);
  EXPECT_EQ(options.flip, 0.5);
  EXPECT_THAT([&] { read_fields(options, parse_yaml("flip: 1.5", "a.yaml"), "data.augment"); },
              ThrowsMessage<InputError>(HasSubstr("data.augment.flip: expected a number in [0, 1], got '1.5'")));
  EXPECT_THAT([&] { read_fields(options, parse_yaml("pad_crop: -1", "a.yaml"), "data.augment"); },
              ThrowsMessage<InputError>(HasSubstr("data.augment.pad_crop: expected an integer from 0 to 1024, got '-1'")));
}

}  // namespace
}  // namespace fovea
