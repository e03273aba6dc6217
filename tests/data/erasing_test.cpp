#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>

#include "augmentation_cases.h"

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// The smallest window outside which two images are equal; of height 0 when they are.
Window difference_of(const Image& left, const Image& right) {
  int top = left.height;
  int bottom = 0;
  int first = left.width;
  int last = 0;
  for (int y = 0; y < left.height; ++y) {
    for (int x = 0; x < left.width; ++x) {
      bool same = true;
      for (int c = 0; c < left.channels; ++c) same = same && left.at(y, x, c) == right.at(y, x, c);
      if (same) continue;
      top = std::min(top, y);
      bottom = std::max(bottom, y + 1);
      first = std::min(first, x);
      last = std::max(last, x + 1);
    }
  }
  return {top, first, std::max(0, bottom - top), std::max(0, last - first)};
}

TEST(ErasingTest, FillsARectangleWithTheMean) {
  const AugmentOptions options = augment_from("{erasing: {probability: 1, area: [0.25, 0.25], aspect: [4, 4]}}");
  const Image image = plain_image(8, 8, 3, 200);  // 16 of 64 pixels, 8 wide and 2 high, or turned: 2 wide never
  std::set<int> tops;
  for (std::uint64_t index = 0; index < 200; ++index) {
    Image erased = image;
    options.apply(erased, sample_stream(index), {10, 20, 30});
    const Window window = difference_of(image, erased);
    EXPECT_EQ(window.height, 2);
    EXPECT_EQ(window.width, 8);
    for (int y = window.top; y < window.top + 2; ++y) {
      for (int x = 0; x < 8; ++x) {
        for (int c = 0; c < 3; ++c) ASSERT_EQ(erased.at(y, x, c), 10 * (c + 1));
      }
    }
    tops.insert(window.top);
  }
  EXPECT_EQ(tops.size(), 7U);  // every place
}

TEST(ErasingTest, NoiseIsUniform) {
  const AugmentOptions options =
      augment_from("{erasing: {probability: 1, area: [0.25, 0.25], aspect: [1, 1], fill: noise}}");
  const Image image = plain_image(200, 200, 3, 0);
  const Image erased = applied(options, image, 0);
  const Window window = difference_of(image, erased);
  EXPECT_EQ(window.height, 100);
  EXPECT_EQ(window.width, 100);
  const Image noise = cropped_image(erased, window);
  double sum = 0;
  for (const int value : noise.pixels) sum += value;
  const auto count = static_cast<double>(noise.pixels.size());
  EXPECT_NEAR(sum / count, 127.5, 5 * 74 / std::sqrt(count));  // 5 standard deviations; one value's is 256 / sqrt(12)
  EXPECT_EQ(std::set(noise.pixels.begin(), noise.pixels.end()).size(), 256U);
}

TEST(ErasingTest, DrawsTheAreaFromItsRange) {
  const AugmentOptions options = augment_from("{erasing: 1}");
  const Image image = plain_image(100, 150, 1, 255);
  double smallest = 1;
  double largest = 0;
  for (std::uint64_t index = 0; index < 300; ++index) {
    const Image erased = applied(options, image, index);
    const double share = static_cast<double>(std::ranges::count(erased.pixels, 128)) / 15000;
    smallest = std::min(smallest, share);
    largest = std::max(largest, share);
  }
  EXPECT_NEAR(smallest, 0.02, 0.01);
  EXPECT_NEAR(largest, 0.33, 0.01);
}

TEST(ErasingTest, HasItsProbability) {
  expect_probability(augment_from("{erasing: 0.3}"), plain_image(20, 20, 1, 255), 0.3);
}

TEST(ErasingTest, LeavesAnImageAloneInWhichNothingFits) {
  const Image image = distinct_image(1, 40, 3);  // half of it is no square
  const AugmentOptions options = augment_from("{erasing: {probability: 1, area: [0.5, 0.5], aspect: [1, 1]}}");
  for (std::uint64_t index = 0; index < 20; ++index) EXPECT_EQ(applied(options, image, index).pixels, image.pixels);
}

TEST(ErasingTest, RefusesAMeanOfOtherChannels) {
  Image image = distinct_image(4, 4, 3);
  const AugmentOptions mean = augment_from("{erasing: 0.001}");  // refused even when nothing is erased
  EXPECT_THAT([&] { mean.apply(image, sample_stream(0), {128}); },
              ThrowsMessage<InputError>(StrEq("preprocess.mean: expected 3 values, one per channel, got 1")));
  augment_from("{erasing: {probability: 1, fill: noise}}").apply(image, sample_stream(0), {128});
  EXPECT_NE(image.pixels, distinct_image(4, 4, 3).pixels);
}

}  // namespace
}  // namespace fovea
