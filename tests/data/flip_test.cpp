#include <cmath>

#include <gtest/gtest.h>

#include "augmentation_cases.h"

namespace fovea {
namespace {

TEST(FlipTest, SwapsLeftAndRight) {
  const AugmentOptions always = augment_from("{flip: 1}");
  for (const int width : {4, 5}) {
    const Image image = distinct_image(3, width, 3);
    const Image mirrored = applied(always, image, 0);
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) ASSERT_EQ(mirrored.at(y, x, c), image.at(y, width - 1 - x, c));
      }
    }
    EXPECT_EQ(applied(always, mirrored, 1).pixels, image.pixels);  // twice is nothing
  }
}

TEST(VerticalFlipTest, SwapsTopAndBottom) {
  const AugmentOptions always = augment_from("{vertical_flip: 1}");
  for (const int height : {4, 5}) {
    const Image image = distinct_image(height, 3, 3);
    const Image mirrored = applied(always, image, 0);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < image.width; ++x) {
        for (int c = 0; c < 3; ++c) ASSERT_EQ(mirrored.at(y, x, c), image.at(height - 1 - y, x, c));
      }
    }
    EXPECT_EQ(applied(always, mirrored, 1).pixels, image.pixels);
  }
}

TEST(FlipTest, HasItsProbabilityInEachDirection) {
  const Image image = distinct_image(2, 2, 1);  // 1 2 / 3 4
  const AugmentOptions options = augment_from("{flip: 0.3, vertical_flip: 0.6}");
  constexpr int kImages = 4000;
  int across = 0;
  int down = 0;
  int both = 0;
  for (std::uint64_t index = 0; index < kImages; ++index) {
    const int corner = applied(options, image, index).at(0, 0, 0);
    across += corner == 2 || corner == 4 ? 1 : 0;
    down += corner == 3 || corner == 4 ? 1 : 0;
    both += corner == 4 ? 1 : 0;
  }
  const auto bound = [](double probability) { return 5 * std::sqrt(probability * (1 - probability) / kImages); };
  EXPECT_NEAR(across / double{kImages}, 0.3, bound(0.3));  // 5 standard deviations
  EXPECT_NEAR(down / double{kImages}, 0.6, bound(0.6));
  EXPECT_NEAR(both / double{kImages}, 0.18, bound(0.18));  // independent
}

}  // namespace
}  // namespace fovea
