#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/report/calibration_picture.h>

#include "pixels.h"

namespace fovea {
namespace {

constexpr Rgb8 kOverconfidence{240, 178, 184};
constexpr Rgb8 kUnderconfidence{143, 184, 224};

/// Ten bins of which one holds images.
std::vector<CalibrationBin> one_bin(std::size_t index, const CalibrationBin& bin) {
  std::vector<CalibrationBin> bins(10);
  bins[index] = bin;
  return bins;
}

/// The upper diagram, below its legend: its bars lie in rows 104 to 504, 400 pixels for accuracies from 0 to 1.
Region diagram_of(const Image& picture) {
  return {100, 82, 506, picture.width - 38};
}

Region bar_of(const Image& picture, Rgb8 color) {
  return bounds(picture, diagram_of(picture), [color](Rgb8 rgb) { return rgb == color; });
}

TEST(CalibrationPictureTest, BarsAreAsHighAsTheAccuracy) {
  const Image half = calibration_picture(one_bin(7, {100, 50, 50}));
  const Image quarter = calibration_picture(one_bin(7, {100, 25, 25}));
  EXPECT_NEAR(bar_of(half, rgb8(kBlue)).height(), 200, 2);
  EXPECT_NEAR(bar_of(quarter, rgb8(kBlue)).height(), 100, 2);
  EXPECT_EQ(bar_of(half, rgb8(kBlue)).bottom, bar_of(quarter, rgb8(kBlue)).bottom);
}

TEST(CalibrationPictureTest, BarsStandOnTheirBins) {
  const Region first = bar_of(calibration_picture(one_bin(0, {100, 50, 50})), rgb8(kBlue));
  const Region last = bar_of(calibration_picture(one_bin(9, {100, 50, 50})), rgb8(kBlue));
  EXPECT_NEAR(last.left - first.left, 360, 2);
  EXPECT_NEAR(first.width(), 37, 2);
  EXPECT_NEAR(last.width(), 37, 2);
}

TEST(CalibrationPictureTest, ShadesTheGapToTheMeanProbability) {
  const Image promises_too_much = calibration_picture(one_bin(8, {100, 40, 85}));
  Region gap = bar_of(promises_too_much, kOverconfidence);
  EXPECT_NEAR(gap.height(), 0.45 * 400, 2);
  EXPECT_NEAR(gap.bottom, bar_of(promises_too_much, rgb8(kBlue)).top, 2);
  EXPECT_EQ(bar_of(promises_too_much, kUnderconfidence), Region{});

  const Image promises_too_little = calibration_picture(one_bin(3, {100, 90, 35}));
  gap = bar_of(promises_too_little, kUnderconfidence);
  EXPECT_NEAR(gap.height(), 0.55 * 400, 2);
  EXPECT_NEAR(bar_of(promises_too_little, rgb8(kBlue)).height(), 0.35 * 400, 2);
  EXPECT_EQ(bar_of(promises_too_little, kOverconfidence), Region{});
}

TEST(CalibrationPictureTest, DrawsTheDiagonal) {
  const Image picture = calibration_picture(std::vector<CalibrationBin>(15));
  const Region ink = bounds(picture, {104, 82, 500, 482}, is_color(kInk));
  EXPECT_GT(ink.height(), 380);
  EXPECT_GT(ink.width(), 380);
  EXPECT_EQ(count_pixels(picture, {104, 82, 250, 250}, is_color(kInk)), 0);  // far above it
  EXPECT_EQ(bar_of(picture, rgb8(kBlue)), Region{});
}

TEST(CalibrationPictureTest, ShowsHowManyImagesABinHas) {
  std::vector<CalibrationBin> bins(10);
  bins[2] = {100, 50, 50};
  bins[8] = {300, 150, 150};
  const Image picture = calibration_picture(bins);
  const auto height_at = [&](int x) { return bounds(picture, {520, x, 625, x + 1}, is_color(kQuiet)).height(); };
  const int few = height_at(82 + 100);
  const int many = height_at(82 + 340);
  EXPECT_GT(few, 10);
  EXPECT_NEAR(many, 3 * few, 4);
  EXPECT_EQ(height_at(82 + 220), 0);
}

TEST(CalibrationPictureTest, TheTitleSaysTheError) {
  const auto title_ink = [](const std::vector<CalibrationBin>& bins) {
    const Image picture = calibration_picture(bins);
    return count_pixels(picture, {0, 0, 46, picture.width}, is_inked);
  };
  EXPECT_NE(title_ink(one_bin(8, {100, 40, 85})), title_ink(one_bin(8, {100, 84, 85})));
  EXPECT_LT(title_ink(std::vector<CalibrationBin>(15)), title_ink(one_bin(8, {100, 40, 85})));
}

TEST(CalibrationPictureTest, AnyNumberOfBinsHasTheSameSize) {
  const Image expected = calibration_picture(std::vector<CalibrationBin>(15));
  for (const std::size_t count : {1U, 2U, 15U, 100U, 2000U}) {
    const std::vector<CalibrationBin> bins(count, {1'000'000'000'000, 500'000'000'000, 5e11});
    const Image picture = calibration_picture(bins);
    EXPECT_EQ(picture.height, expected.height);
    EXPECT_EQ(picture.width, expected.width);
    EXPECT_GT(count_pixels(picture, diagram_of(picture), [](Rgb8 rgb) { return rgb.blue > rgb.red + 60; }), 50'000) << count;
  }
}

TEST(CalibrationPictureTest, DrawsTheSameAgain) {
  EXPECT_EQ(calibration_picture(one_bin(8, {100, 40, 85})).pixels, calibration_picture(one_bin(8, {100, 40, 85})).pixels);
}

TEST(CalibrationPictureTest, RefusesCountsThatCannotBe) {
  EXPECT_THROW(calibration_picture({}), InputError);
  EXPECT_THROW(calibration_picture(one_bin(3, {-1, 0, 0})), InputError);
  EXPECT_THROW(calibration_picture(one_bin(3, {5, 6, 1})), InputError);
  EXPECT_THROW(calibration_picture(one_bin(3, {5, -1, 1})), InputError);
  EXPECT_THROW(calibration_picture(one_bin(3, {5, 1, 6})), InputError);
  EXPECT_THROW(calibration_picture(one_bin(3, {5, 1, -0.5})), InputError);
  EXPECT_THROW(calibration_picture(one_bin(3, {5, 1, std::nan("")})), InputError);
  EXPECT_NO_THROW(calibration_picture(one_bin(3, {3, 1, 3 * (1 + 1e-15)})));  // a sum of ones that was rounded up
}

}  // namespace
}  // namespace fovea
