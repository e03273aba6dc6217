#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "augmentation_cases.h"

namespace fovea {
namespace {

/// Definition of pad_crop: `pad` black pixels on each side, then a crop of the old size from (top, left).
Image padded_and_cropped(const Image& image, int pad, int top, int left) {
  Image padded(image.height + 2 * pad, image.width + 2 * pad, image.channels);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) padded.at(y + pad, x + pad, c) = image.at(y, x, c);
    }
  }
  return cropped_image(padded, {top, left, image.height, image.width});
}

TEST(PadCropTest, IsAPaddedCrop) {
  const Image image = distinct_image(5, 4, 3);
  for (const int pad : {1, 2}) {
    const AugmentOptions options = augment_from("{pad_crop: " + std::to_string(pad) + "}");
    std::vector<Image> crops;
    for (int top = 0; top <= 2 * pad; ++top) {
      for (int left = 0; left <= 2 * pad; ++left) crops.push_back(padded_and_cropped(image, pad, top, left));
    }
    std::vector<int> seen(crops.size());
    const std::uint64_t draws = 20 * crops.size();  // one of n crops is missed once in e^20 / n choices
    for (std::uint64_t index = 0; index < draws; ++index) {
      const Image moved = applied(options, image, index);
      int matches = 0;
      for (std::size_t i = 0; i < crops.size(); ++i) {
        if (crops[i].pixels != moved.pixels) continue;
        ++seen[i];
        ++matches;
      }
      ASSERT_EQ(matches, 1) << "draw " << index;
    }
    EXPECT_THAT(seen, testing::Each(testing::Gt(0))) << "pad " << pad;
  }
}

TEST(PadCropTest, ThePadMayExceedTheImage) {
  const Image image = distinct_image(2, 3, 1);
  const AugmentOptions options = augment_from("{pad_crop: 5}");
  std::set<std::vector<std::uint8_t>> allowed;
  for (int top = 0; top <= 10; ++top) {
    for (int left = 0; left <= 10; ++left) allowed.insert(padded_and_cropped(image, 5, top, left).pixels);
  }
  std::set<std::vector<std::uint8_t>> seen;
  for (std::uint64_t index = 0; index < 500; ++index) seen.insert(applied(options, image, index).pixels);
  EXPECT_TRUE(seen.contains(std::vector<std::uint8_t>(6, 0)));  // moved out of sight
  EXPECT_GT(seen.size(), 5U);
  for (const auto& pixels : seen) EXPECT_TRUE(allowed.contains(pixels));
}

}  // namespace
}  // namespace fovea
