#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/image/adjust.h>

#include "augmentation_cases.h"

namespace fovea {
namespace {

AugmentOptions operations_of(int operations, int magnitude) {
  return augment_from("{rand_augment: {operations: " + std::to_string(operations) +
                      ", magnitude: " + std::to_string(magnitude) + "}}");
}

/// Bytes from 40 to 200, so that a stretched contrast shows.
Image muted_image(int height, int width, int channels) {
  Image image = noise_image(height, width, channels, 12);
  for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>(40 + pixel * 160 / 255);
  return image;
}

/// An image moved by whole pixels, black where nothing comes from.
Image moved_by(const Image& image, int down, int right) {
  Image moved(image.height, image.width, image.channels);
  for (int y = std::max(0, down); y < std::min(image.height, image.height + down); ++y) {
    for (int x = std::max(0, right); x < std::min(image.width, image.width + right); ++x) {
      for (int c = 0; c < image.channels; ++c) moved.at(y, x, c) = image.at(y - down, x - right, c);
    }
  }
  return moved;
}

TEST(RandAugmentTest, DrawsFourteenOperationsEquallyOften) {
  // Magnitude 9 of 30, so 0.3 of the largest change of torchvision's table.
  const Image image = muted_image(21, 31, 3);
  std::map<std::vector<std::uint8_t>, std::string> expected;
  const auto add = [&](const std::string& name, const Image& result) {
    EXPECT_TRUE(expected.emplace(result.pixels, name).second) << name << " looks like another";
  };
  add("identity", image);
  for (const int sign : {-1, 1}) {
    const std::string suffix = sign < 0 ? " -" : " +";
    const double shear = sign * 0.09;
    add("shear_x" + suffix, warped_image(image, {1, shear, 0, 0, 1, 0}));
    add("shear_y" + suffix, warped_image(image, {1, 0, 0, shear, 1, 0}));
    add("translate_x" + suffix, moved_by(image, 0, sign * 4));  // 150 / 331 * 31 * 0.3 = 4.21
    add("translate_y" + suffix, moved_by(image, sign * 2, 0));  // 150 / 331 * 21 * 0.3 = 2.85
    const double cosine = 0.98768834059513777;                  // of 9 degrees
    const double sine = sign * 0.15643446504023087;
    add("rotate" + suffix, warped_image(image, {cosine, sine, 15.5 - 15.5 * cosine - 10.5 * sine,  //
                                                -sine, cosine, 10.5 + 15.5 * sine - 10.5 * cosine}));
    add("brightness" + suffix, with_brightness(image, 1 + sign * 0.27));
    add("saturation" + suffix, with_saturation(image, 1 + sign * 0.27));
    add("contrast" + suffix, with_contrast(image, 1 + sign * 0.27));
    add("sharpness" + suffix, with_sharpness(image, 1 + sign * 0.27));
  }
  add("posterize", posterized(image, 7));  // 8 - 4 * 0.3, rounded
  add("solarize", solarized(image, 178.5));
  add("autocontrast", autocontrasted(image));
  add("equalize", equalized(image));

  const AugmentOptions options = operations_of(1, 9);
  constexpr int kPictures = 5600;
  std::map<std::string, int> counts;
  for (std::uint64_t index = 0; index < kPictures; ++index) {
    const auto found = expected.find(applied(options, image, index).pixels);
    ASSERT_NE(found, expected.end()) << "sample " << index;
    ++counts[found->second];
  }
  EXPECT_EQ(counts.size(), expected.size());
  double backwards = 0;
  for (const auto& [name, count] : counts) {
    const double share = name.ends_with('-') || name.ends_with('+') ? 1.0 / 28 : 1.0 / 14;
    EXPECT_NEAR(count / double{kPictures}, share, 5 * std::sqrt(share * (1 - share) / kPictures)) << name;
    if (name.ends_with('-')) backwards += count;
  }
  const double with_directions = kPictures * 9.0 / 14;
  EXPECT_NEAR(backwards / with_directions, 0.5, 5 * 0.5 / std::sqrt(with_directions));
}

TEST(RandAugmentTest, MagnitudeThirtyIsTheLargest) {
  const Image image = muted_image(33, 10, 3);
  std::set<std::vector<std::uint8_t>> seen;
  const AugmentOptions options = operations_of(1, 30);
  for (std::uint64_t index = 0; index < 1000; ++index) seen.insert(applied(options, image, index).pixels);
  for (const int sign : {-1, 1}) {
    EXPECT_TRUE(seen.contains(moved_by(image, sign * 14, 0).pixels));  // 150 / 331 * 33 = 14.95
    EXPECT_TRUE(seen.contains(moved_by(image, 0, sign * 4).pixels));   // 150 / 331 * 10 = 4.53
    EXPECT_TRUE(seen.contains(warped_image(image, {1, sign * 0.3, 0, 0, 1, 0}).pixels));
    EXPECT_TRUE(seen.contains(with_brightness(image, 1 + sign * 0.9).pixels));
  }
  EXPECT_TRUE(seen.contains(posterized(image, 4).pixels));
  EXPECT_TRUE(seen.contains(solarized(image, 0).pixels));  // the negative
}

TEST(RandAugmentTest, MagnitudeZeroLeavesWhatHasNone) {
  const Image image = muted_image(20, 30, 3);
  std::set<std::vector<std::uint8_t>> seen;
  const AugmentOptions options = operations_of(1, 0);
  for (std::uint64_t index = 0; index < 200; ++index) seen.insert(applied(options, image, index).pixels);
  EXPECT_EQ(seen, (std::set{image.pixels, autocontrasted(image).pixels, equalized(image).pixels}));
}

TEST(RandAugmentTest, OperationsFollowEachOther) {
  // With no magnitude, two operations give the image, either of those that change it, or both in either order.
  const Image image = muted_image(20, 30, 3);
  std::set<std::vector<std::uint8_t>> seen;
  const AugmentOptions options = operations_of(2, 0);
  for (std::uint64_t index = 0; index < 1500; ++index) seen.insert(applied(options, image, index).pixels);
  EXPECT_TRUE(seen.contains(equalized(autocontrasted(image)).pixels));  // 1 of 196 draws
  EXPECT_TRUE(seen.contains(autocontrasted(equalized(image)).pixels));
  EXPECT_TRUE(seen.contains(image.pixels));
}

TEST(RandAugmentTest, WorksOnAnyNumberOfChannels) {
  for (const int channels : {1, 2, 4}) {
    const Image image = muted_image(20, 30, channels);
    const AugmentOptions options = operations_of(1, 20);
    std::set<std::vector<std::uint8_t>> seen;
    for (std::uint64_t index = 0; index < 1000; ++index) seen.insert(applied(options, image, index).pixels);
    EXPECT_EQ(seen.size(), 21U) << channels;  // fourteen, eight of them twice; saturation is the identity
  }
}

}  // namespace
}  // namespace fovea
