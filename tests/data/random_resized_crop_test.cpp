#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/data/augmentations/random_resized_crop.h>

#include "augmentation_cases.h"

namespace fovea {
namespace {

using ::testing::Each;
using ::testing::Gt;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

AugmentOptions always_cropping(const std::string& range) {
  return augment_from("{random_resized_crop: {probability: 1, " + range + "}}");
}

/// {top, left, height, width} of the window, or zeros when there is none.
std::array<int, 4> window_of(const AugmentOptions& options, int height, int width, std::uint64_t index) {
  const Window window = options.window(height, width, sample_stream(index)).value_or(Window{});
  return {window.top, window.left, window.height, window.width};
}

TEST(RandomResizedCropTest, TakesTheWholeOfASquareWhenAskedFor) {
  EXPECT_EQ(window_of(always_cropping("area: [1, 1], aspect: [1, 1]"), 7, 7, 0), (std::array{0, 0, 7, 7}));
}

TEST(RandomResizedCropTest, HasAreaAndAspect) {
  const AugmentOptions options = always_cropping("area: [0.5, 0.5], aspect: [2, 2]");  // 200 of 400 pixels, twice as wide
  std::array<int, 11> tops{};
  for (std::uint64_t index = 0; index < 500; ++index) {
    const auto [top, left, height, width] = window_of(options, 20, 20, index);
    EXPECT_EQ(height, 10);
    EXPECT_EQ(width, 20);
    EXPECT_EQ(left, 0);
    ASSERT_GE(top, 0);
    ASSERT_LE(top, 10);
    ++tops[static_cast<std::size_t>(top)];
  }
  EXPECT_THAT(tops, Each(Gt(15)));  // 500 / 11 = 45 expected, standard deviation 6.4
}

TEST(RandomResizedCropTest, FallsBackToTheMiddle) {
  // A square of 1/2 of the pixels of a long image is higher (or wider) than it.
  const AugmentOptions square = always_cropping("area: [0.5, 0.5], aspect: [1, 1]");
  EXPECT_EQ(window_of(square, 10, 41, 0), (std::array{0, 15, 10, 10}));
  EXPECT_EQ(window_of(square, 41, 10, 0), (std::array{15, 0, 10, 10}));
  EXPECT_EQ(window_of(square, 1, 9, 0), (std::array{0, 4, 1, 1}));
  EXPECT_EQ(window_of(always_cropping("area: [1, 1], aspect: [4, 4]"), 1, 1, 0), (std::array{0, 0, 1, 1}));  // not 0 x 1
  // 10 x 40 may be cut down to widths between 5 and 20, 40 x 10 to heights between 5 and 20.
  const AugmentOptions loose = always_cropping("area: [1, 1], aspect: [0.5, 2]");
  EXPECT_EQ(window_of(loose, 10, 40, 0), (std::array{0, 10, 10, 20}));
  EXPECT_EQ(window_of(loose, 40, 10, 0), (std::array{10, 0, 20, 10}));
  // No window has as many pixels as the image but the image, and it is no square by a pixel: within the limits, so kept.
  EXPECT_EQ(window_of(always_cropping("area: [1, 1], aspect: [1.4, 1.8]"), 10, 16, 4), (std::array{0, 0, 10, 16}));
}

TEST(RandomResizedCropTest, DrawsAreaLogAspectAndPlaceUniformly) {
  // At most 0.3 * 4/3 of a square's side squared: every first try fits, so nothing bends the distributions.
  const AugmentOptions options = always_cropping("area: [0.1, 0.3], aspect: [0.75, 1.3333333333]");
  constexpr int kCrops = 4000;
  constexpr int kSide = 1000;
  double area = 0;
  double log_aspect = 0;
  double log_aspect_squares = 0;
  double down = 0;
  double across = 0;
  double smallest = 1;
  double largest = 0;
  for (std::uint64_t index = 0; index < kCrops; ++index) {
    const auto [top, left, height, width] = window_of(options, kSide, kSide, index);
    const double share = static_cast<double>(height) * width / kSide / kSide;
    smallest = std::min(smallest, share);
    largest = std::max(largest, share);
    area += share / kCrops;
    const double shape = std::log(static_cast<double>(width) / height);
    log_aspect += shape / kCrops;
    log_aspect_squares += shape * shape / kCrops;
    down += static_cast<double>(top) / (kSide - height) / kCrops;
    across += static_cast<double>(left) / (kSide - width) / kCrops;
  }
  // 5 standard deviations of the mean of uniform values, (maximum - minimum) / sqrt(12 n); rounding sides changes less.
  const auto bound = [](double range) { return 5 * range / std::sqrt(12.0 * kCrops); };
  const double log_range = 2 * std::log(4.0 / 3);
  EXPECT_NEAR(area, 0.2, bound(0.2));
  EXPECT_NEAR(smallest, 0.1, 0.002);
  EXPECT_NEAR(largest, 0.3, 0.002);
  EXPECT_NEAR(log_aspect, 0, bound(log_range));
  EXPECT_NEAR(log_aspect_squares, log_range * log_range / 12, 0.1 * log_range * log_range / 12);
  EXPECT_NEAR(down, 0.5, bound(1));
  EXPECT_NEAR(across, 0.5, bound(1));
}

TEST(RandomResizedCropTest, ARangeWithoutTwoValuesIsRefused) {
  RandomResizedCrop crop;
  crop.probability = 1;
  crop.range.aspect = {1};
  RandomStream draws = sample_stream(0);
  EXPECT_THAT(
      [&] { crop.window(8, 8, draws); },
      ThrowsMessage<InputError>(StrEq("random window: aspect: expected a list of 2, each a number in [0.01, 100], got "
                                      "1 values")));
}

TEST(RandomResizedCropTest, HasItsProbability) {
  const AugmentOptions options = augment_from("{random_resized_crop: 0.3}");
  constexpr int kPhotos = 2000;
  int windows = 0;
  for (std::uint64_t index = 0; index < kPhotos; ++index) {
    windows += options.window(40, 30, sample_stream(index)) ? 1 : 0;
  }
  EXPECT_NEAR(windows / double{kPhotos}, 0.3, 5 * std::sqrt(0.3 * 0.7 / kPhotos));
}

TEST(RandomResizedCropTest, LeavesThePreparedImageAlone) {
  const Image image = distinct_image(6, 5, 3);
  EXPECT_EQ(applied(augment_from("{random_resized_crop: 1}"), image, 0).pixels, image.pixels);
}

}  // namespace
}  // namespace fovea
