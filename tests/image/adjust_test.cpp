#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/adjust.h>

namespace fovea {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

using Values = std::vector<std::uint8_t>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Image image_of(int height, int width, int channels, const Values& values) {
  Image image(height, width, channels);
  EXPECT_EQ(image.pixels.size(), values.size());
  image.pixels = values;
  return image;
}

Image grey_row(const Values& values) {
  return image_of(1, static_cast<int>(values.size()), 1, values);
}

Image one_colour(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  return image_of(1, 1, 3, {red, green, blue});
}

/// A picture of 3 x 4 pixels, on which the golden values of PIL were computed.
Image golden_picture() {
  return image_of(3, 4, 3, {0,   53, 106, 37, 90, 143, 74,  127, 180, 111, 164, 217, 91,  144, 197, 157, 210, 7,
                            223, 20, 73,  33, 86, 139, 182, 235, 32,  21,  74,  127, 116, 169, 222, 211, 8,   61});
}

struct Adjustment {
  const char* name;
  std::function<Image(const Image&)> apply;
};

const std::vector<Adjustment>& adjustments() {
  static const std::vector<Adjustment> all = {
      {"brightness", [](const Image& image) { return with_brightness(image, 1.5); }},
      {"contrast", [](const Image& image) { return with_contrast(image, 1.5); }},
      {"saturation", [](const Image& image) { return with_saturation(image, 1.5); }},
      {"sharpness", [](const Image& image) { return with_sharpness(image, 1.5); }},
      {"hue", [](const Image& image) { return with_hue_turned(image, 0.1); }},
      {"posterized", [](const Image& image) { return posterized(image, 3); }},
      {"solarized", [](const Image& image) { return solarized(image, 100); }},
      {"autocontrasted", [](const Image& image) { return autocontrasted(image); }},
      {"equalized", [](const Image& image) { return equalized(image); }},
      {"warped",
       [](const Image& image) {
         return warped_image(image, {1, 0.1, 0, 0.1, 1, 0});
       }},
  };
  return all;
}

TEST(AdjustTest, KeepsTheShapeOfAnyImage) {
  for (const Adjustment& adjustment : adjustments()) {
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 5}, {5, 1}, {2, 3}, {4, 3}}) {
      for (const int channels : {1, 3}) {
        const Image result = adjustment.apply(Image(height, width, channels));
        EXPECT_EQ(std::pair(result.height, result.width), std::pair(height, width)) << adjustment.name;
        EXPECT_EQ(result.channels, channels) << adjustment.name;
        EXPECT_EQ(result.pixels.size(), static_cast<std::size_t>(height * width * channels)) << adjustment.name;
      }
    }
    EXPECT_TRUE(adjustment.apply(Image(0, 0, 3)).pixels.empty()) << adjustment.name;
  }
}

TEST(AdjustTest, TreatsChannelsAlike) {
  constexpr std::size_t kPixels = 600;  // enough for every operation to do something
  Image image(30, 20, 2);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(10 + i * i * 7 % 221);
  for (const Adjustment& adjustment : adjustments()) {
    const std::string name = adjustment.name;
    if (name == "saturation" || name == "hue") {
      EXPECT_THAT([&] { adjustment.apply(image); },
                  ThrowsMessage<InputError>(HasSubstr(": expected an image of 1 or 3 channels, got 2")));
      continue;
    }
    if (name == "contrast") continue;  // its grey depends on all of them
    const Image both = adjustment.apply(image);
    for (std::size_t channel = 0; channel < 2; ++channel) {
      Image plane(30, 20, 1);
      for (std::size_t i = 0; i < kPixels; ++i) plane.pixels[i] = image.pixels[2 * i + channel];
      const Image alone = adjustment.apply(plane);
      EXPECT_NE(alone.pixels, plane.pixels) << name;
      for (std::size_t i = 0; i < kPixels; ++i) ASSERT_EQ(both.pixels[2 * i + channel], alone.pixels[i]) << name;
    }
  }
}

TEST(AdjustTest, EqualsPil) {
  // Pillow 9.4.0 and torchvision 0.14.1; the warp is Image.transform with AFFINE and BILINEAR.
  const Image image = golden_picture();
  EXPECT_THAT(with_brightness(image, 1.4).pixels,
              ElementsAre(0, 74, 148, 51, 126, 200, 103, 177, 252, 155, 229, 255, 127, 201, 255, 219, 255, 9,  //
                          255, 28, 102, 46, 120, 194, 254, 255, 44, 29, 103, 177, 162, 236, 255, 255, 11, 85));
  EXPECT_THAT(with_contrast(image, 0.3).pixels,
              ElementsAre(79, 95, 110, 90, 106, 122, 101, 117, 133, 112, 128, 144, 106, 122, 138, 126, 142, 81,  //
                          146, 85, 101, 89, 104, 120, 133, 149, 88, 85, 101, 117, 113, 129, 145, 142, 81, 97));
  EXPECT_THAT(with_contrast(image, 1.7).pixels,
              ElementsAre(0, 11, 101, 0, 73, 164, 46, 136, 226, 109, 199, 255, 75, 165, 255, 187, 255, 0,  //
                          255, 0, 45, 0, 67, 157, 230, 255, 0, 0, 46, 136, 118, 208, 255, 255, 0, 24));
  EXPECT_THAT(with_saturation(image, 0.6).pixels,
              ElementsAre(17, 49, 80, 54, 86, 117, 91, 123, 154, 128, 160, 191, 108, 140, 171, 162, 194, 72,  //
                          168, 46, 78, 50, 82, 113, 187, 219, 97, 38, 70, 101, 133, 165, 196, 156, 34, 66));
  EXPECT_THAT(with_sharpness(image, 1.9).pixels,
              ElementsAre(0, 53, 106, 37, 90, 143, 74, 127, 180, 111, 164, 217, 91, 144, 197, 192, 255, 0,  //
                          255, 0, 37, 33, 86, 139, 182, 235, 32, 21, 74, 127, 116, 169, 222, 211, 8, 61));
  EXPECT_THAT(with_hue_turned(image, 0.2).pixels,
              ElementsAre(72, 0, 106, 109, 37, 143, 146, 74, 180, 183, 111, 217, 163, 91, 197, 7, 210, 98,  //
                          223, 202, 20, 105, 33, 139, 32, 235, 123, 93, 21, 127, 189, 117, 222, 211, 190, 8));
  EXPECT_THAT(with_hue_turned(image, -0.4).pixels,
              ElementsAre(97, 106, 0, 134, 143, 37, 171, 180, 74, 208, 217, 111, 188, 197, 91, 184, 7, 210,  //
                          20, 159, 223, 130, 139, 33, 209, 32, 235, 118, 127, 21, 213, 222, 117, 8, 147, 211));
  EXPECT_THAT(autocontrasted(image).pixels,
              ElementsAre(0, 50, 117, 42, 92, 161, 84, 133, 205, 126, 175, 249, 104, 152, 225, 179, 226, 0,  //
                          255, 13, 78, 37, 87, 156, 208, 255, 29, 24, 74, 142, 132, 180, 255, 241, 0, 64));
  EXPECT_THAT(warped_image(image, {0.9, 0.3, -0.4, -0.2, 1.1, 0.3}).pixels,
              ElementsAre(22, 75, 128, 27, 80, 125, 55, 108, 161, 88, 141, 194, 122, 175, 139, 133, 186, 39,  //
                          202, 61, 65, 92, 87, 140, 133, 186, 60, 40, 93, 146, 125, 152, 205, 184, 19, 72));
}

TEST(BrightnessTest, ScalesAndRoundsDown) {
  const Image image = grey_row({0, 5, 100, 200});
  EXPECT_THAT(with_brightness(image, 0).pixels, Each(0));
  EXPECT_THAT(with_brightness(image, 0.5).pixels, ElementsAre(0, 2, 50, 100));
  EXPECT_THAT(with_brightness(image, 1).pixels, ElementsAre(0, 5, 100, 200));
  EXPECT_THAT(with_brightness(image, 1.5).pixels, ElementsAre(0, 7, 150, 255));
  EXPECT_THAT(with_brightness(image, 1e30).pixels, ElementsAre(0, 255, 255, 255));
}

TEST(ContrastTest, BlendsWithTheRoundedMean) {
  const Image image = grey_row({10, 21});  // the mean is 15.5
  EXPECT_THAT(with_contrast(image, 0).pixels, Each(16));
  EXPECT_THAT(with_contrast(image, 0.5).pixels, ElementsAre(13, 18));  // 18.5 rounds down
  EXPECT_THAT(with_contrast(image, 1).pixels, ElementsAre(10, 21));
  EXPECT_THAT(with_contrast(image, 2).pixels, ElementsAre(4, 26));
  EXPECT_THAT(with_contrast(image, 10).pixels, ElementsAre(0, 66));
}

TEST(ContrastTest, TheMeanIsThatOfTheLuma) {
  const Image red_and_black = image_of(1, 2, 3, {255, 0, 0, 0, 0, 0});
  EXPECT_THAT(with_contrast(red_and_black, 0).pixels, Each(38));                        // 76 / 2
  EXPECT_THAT(with_contrast(image_of(1, 1, 2, {10, 20}), 0).pixels, Each(15));          // no colours: all values alike
  EXPECT_THAT(with_contrast(image_of(1, 1, 4, {10, 20, 30, 41}), 0).pixels, Each(25));  // 25.25
}

TEST(SaturationTest, BlendsWithTheLuma) {
  EXPECT_THAT(with_saturation(one_colour(255, 0, 0), 0).pixels, Each(76));
  EXPECT_THAT(with_saturation(one_colour(255, 0, 0), 0.5).pixels, ElementsAre(165, 38, 38));
  EXPECT_THAT(with_saturation(one_colour(255, 0, 0), 1).pixels, ElementsAre(255, 0, 0));
  EXPECT_THAT(with_saturation(one_colour(110, 100, 100), 2).pixels, ElementsAre(117, 97, 97));  // luma 103
  EXPECT_THAT(with_saturation(one_colour(80, 80, 80), 1.9).pixels, Each(80));
  EXPECT_THAT(with_saturation(grey_row({1, 200}), 0.3).pixels, ElementsAre(1, 200));
}

TEST(SharpnessTest, BlendsTheInnerPixelsWithTheirSurroundings) {
  Image image(3, 4, 1);
  image.at(1, 1, 0) = 130;
  // Smoothed: 5/13 of 130 at the spot and 1/13 beside it; all others lie on the border.
  const auto inner_of = [&](double factor) {
    const Image result = with_sharpness(image, factor);
    for (int x = 0; x < 4; ++x) EXPECT_EQ(result.at(0, x, 0) + result.at(2, x, 0), 0);
    EXPECT_EQ(result.at(1, 0, 0) + result.at(1, 3, 0), 0);
    return std::pair<int, int>(result.at(1, 1, 0), result.at(1, 2, 0));
  };
  EXPECT_EQ(inner_of(0), std::pair(50, 10));
  EXPECT_EQ(inner_of(0.5), std::pair(90, 5));
  EXPECT_EQ(inner_of(1), std::pair(130, 0));
  EXPECT_EQ(inner_of(2), std::pair(210, 0));
  image.at(1, 1, 0) = 2;
  EXPECT_EQ(inner_of(0), std::pair(1, 0));  // 10/13 and 2/13, rounded
}

TEST(SharpnessTest, KeepsAPlainColourAndWhatHasNoInside) {
  Image plain(5, 4, 3);
  plain.pixels.assign(plain.pixels.size(), 255);
  EXPECT_THAT(with_sharpness(plain, 0).pixels, Each(255));
  EXPECT_THAT(with_sharpness(plain, 1.9).pixels, Each(255));
  for (const auto& [height, width] : {std::pair{2, 3}, {3, 2}, {6, 1}}) {
    const Image thin = image_of(height, width, 1, {1, 200, 3, 40, 5, 60});
    EXPECT_EQ(with_sharpness(thin, 0).pixels, thin.pixels);
  }
}

TEST(HueTest, TurnsRoundTheCircle) {
  EXPECT_THAT(with_hue_turned(one_colour(255, 0, 0), 1.0 / 3).pixels, ElementsAre(0, 255, 0));  // 85 of 255 steps
  EXPECT_THAT(with_hue_turned(one_colour(200, 50, 50), 1.0 / 3).pixels, ElementsAre(50, 200, 50));
  // Backwards, 85 steps from 0 are 171 modulo 256: one step past blue's 170.
  EXPECT_THAT(with_hue_turned(one_colour(255, 0, 0), -1.0 / 3).pixels, ElementsAre(6, 0, 255));
  EXPECT_THAT(with_hue_turned(one_colour(255, 0, 0), 0.5).pixels, ElementsAre(0, 255, 252));  // 127 steps; cyan is 127.5
  EXPECT_THAT(with_hue_turned(one_colour(0, 0, 255), 0).pixels, ElementsAre(0, 0, 255));
}

TEST(HueTest, LeavesGreyAlone) {
  EXPECT_THAT(with_hue_turned(one_colour(9, 9, 9), 0.3).pixels, Each(9));
  EXPECT_THAT(with_hue_turned(one_colour(0, 0, 0), -0.5).pixels, Each(0));
  EXPECT_THAT(with_hue_turned(grey_row({7, 250}), 0.5).pixels, ElementsAre(7, 250));
}

TEST(HueTest, KeepsTheLargestAndTheSmallestValue) {
  // The smallest value goes through a saturation in 255 steps, each of at most one level.
  for (int turn = -5; turn <= 5; ++turn) {
    for (int i = 0; i < 256; i += 5) {
      const int red = i;
      const int green = (7 * i + 30) % 256;
      const int blue = (31 * i + 200) % 256;
      const Image image =
          one_colour(static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green), static_cast<std::uint8_t>(blue));
      const Values result = with_hue_turned(image, turn / 10.0).pixels;
      EXPECT_EQ(std::max({result[0], result[1], result[2]}), std::max({red, green, blue}));
      EXPECT_NEAR(std::min({result[0], result[1], result[2]}), std::min({red, green, blue}), 1);
    }
  }
}

TEST(PosterizedTest, KeepsTheHighestBits) {
  const Image image = grey_row({255, 129, 127, 17});
  EXPECT_THAT(posterized(image, 8).pixels, ElementsAre(255, 129, 127, 17));
  EXPECT_THAT(posterized(image, 4).pixels, ElementsAre(240, 128, 112, 16));
  EXPECT_THAT(posterized(image, 1).pixels, ElementsAre(128, 128, 0, 0));
  EXPECT_THAT(posterized(image, 0).pixels, Each(0));
}

TEST(SolarizedTest, InvertsFromTheThresholdOn) {
  const Image image = grey_row({0, 127, 128, 255});
  EXPECT_THAT(solarized(image, 128).pixels, ElementsAre(0, 127, 127, 0));
  EXPECT_THAT(solarized(image, 127.5).pixels, ElementsAre(0, 127, 127, 0));
  EXPECT_THAT(solarized(image, 127).pixels, ElementsAre(0, 128, 127, 0));
  EXPECT_THAT(solarized(image, 256).pixels, ElementsAre(0, 127, 128, 255));
  EXPECT_THAT(solarized(image, 0).pixels, ElementsAre(255, 128, 127, 0));
}

TEST(AutocontrastedTest, StretchesEachChannel) {
  EXPECT_THAT(autocontrasted(grey_row({50, 100, 150})).pixels, ElementsAre(0, 127, 255));
  EXPECT_THAT(autocontrasted(image_of(1, 3, 3, {0, 9, 100, 200, 9, 101, 255, 9, 101})).pixels,
              ElementsAre(0, 9, 0, 200, 9, 255, 255, 9, 255));
}

TEST(EqualizedTest, SpreadsLevelsByTheirFrequency) {
  Values values(128, 10);
  values.insert(values.end(), 127, 20);
  values.push_back(30);
  // One pixel per level: 0 pixels lie below 10, 128 below 20 and 255 below 30.
  const Values result = equalized(grey_row(values)).pixels;
  EXPECT_EQ(result[0], 0);
  EXPECT_EQ(result[128], 128);
  EXPECT_EQ(result[255], 255);

  // Two pixels per level: (255 + 1) / 2 rounds 127.5, and (511 + 1) / 2 would be 256.
  values.assign(255, 10);
  values.insert(values.end(), 256, 20);
  values.push_back(30);
  const Values halved = equalized(grey_row(values)).pixels;
  EXPECT_EQ(halved[0], 0);
  EXPECT_EQ(halved[255], 128);
  EXPECT_EQ(halved[511], 255);
}

TEST(EqualizedTest, KeepsWhatHasTooFewPixels) {
  EXPECT_THAT(equalized(grey_row({7, 7, 7})).pixels, Each(7));
  EXPECT_THAT(equalized(grey_row({10, 20, 30})).pixels, ElementsAre(10, 20, 30));
  EXPECT_THAT(equalized(Image(30, 20, 3)).pixels, Each(0));  // one level, however many pixels
}

TEST(WarpedTest, ShiftsByWholeAndHalfPixels) {
  const Image image = image_of(2, 3, 1, {10, 20, 40, 50, 60, 80});
  EXPECT_EQ(warped_image(image, {1, 0, 0, 0, 1, 0}).pixels, image.pixels);
  EXPECT_THAT(warped_image(image, {1, 0, 1, 0, 1, 0}).pixels, ElementsAre(20, 40, 0, 60, 80, 0));
  EXPECT_THAT(warped_image(image, {1, 0, 0, 0, 1, -1}).pixels, ElementsAre(0, 0, 0, 10, 20, 40));
  EXPECT_THAT(warped_image(image, {1, 0, 0.5, 0, 1, 0}).pixels, ElementsAre(15, 30, 0, 55, 70, 0));
  EXPECT_THAT(warped_image(image, {1, 0, 0.25, 0, 1, 0.25}).pixels,  // 3/4 and 1/4: 12.5 and 52.5 make 22.5, rounded down
              ElementsAre(22, 35, 50, 52, 65, 80));
  EXPECT_THAT(warped_image(image, {1, 0, 9, 0, 1, 0}).pixels, Each(0));
}

TEST(WarpedTest, TransposesAndEnlarges) {
  const Image image = image_of(2, 3, 1, {10, 20, 40, 50, 60, 80});
  EXPECT_THAT(warped_image(image, {0, 1, 0, 1, 0, 0}).pixels, ElementsAre(10, 50, 0, 20, 60, 0));
  EXPECT_THAT(warped_image(image, {-1, 0, 3, 0, -1, 2}).pixels, ElementsAre(80, 60, 50, 40, 20, 10));
  // Columns at 1/4, 3/4 and 5/4 of the source lie 0, 1/4 and 3/4 of the way from the first pixel's centre to the second's.
  EXPECT_THAT(warped_image(image, {0.5, 0, 0, 0, 1, 0}).pixels, ElementsAre(10, 12, 17, 50, 52, 57));
}

TEST(WarpedTest, BlackWhereTheMapLeadsNowhere) {
  const Image image = image_of(1, 2, 1, {100, 200});
  for (const double value : {kNan, kInfinity, 1e300}) {
    EXPECT_THAT(warped_image(image, {1, 0, value, 0, 1, 0}).pixels, Each(0));
    EXPECT_THAT(warped_image(image, {1, 0, 0, 0, 1, -value}).pixels, Each(0));
  }
}

TEST(AdjustTest, RefusesWhatHasNoMeaning) {
  const Image image = golden_picture();
  for (const double factor : {kNan, kInfinity, -kInfinity, 1e39}) {
    EXPECT_THROW(with_brightness(image, factor), InputError);
    EXPECT_THROW(with_contrast(image, factor), InputError);
    EXPECT_THROW(with_saturation(image, factor), InputError);
    EXPECT_THROW(with_sharpness(image, factor), InputError);
    EXPECT_THROW(with_hue_turned(image, factor), InputError);
  }
  EXPECT_THAT([&] { with_contrast(image, kInfinity); },
              ThrowsMessage<InputError>(StrEq("with_contrast: factor: expected a finite number, got inf")));
  EXPECT_THAT([&] { with_hue_turned(image, 0.51); },
              ThrowsMessage<InputError>(StrEq("with_hue_turned: turn: expected a number in [-0.5, 0.5], got 0.51")));
  EXPECT_THAT([&] { posterized(image, 9); },
              ThrowsMessage<InputError>(StrEq("posterized: bits: expected a number in 0..8, got 9")));
  EXPECT_THROW(posterized(image, -1), InputError);
}

}  // namespace
}  // namespace fovea
