#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/draw/bar_strip.h>

#include "pixels.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr ValueRange kGate{0, 1};

Image strip_of(const std::vector<double>& values, const std::optional<ValueRange>& range = kGate) {
  return bar_strip({{"layer", values, range}}, {});
}

/// Anything of the bars' blue, however light.
bool is_bluish(Rgb8 rgb) {
  return rgb.blue > rgb.red + 60;
}

/// The pixels below the upper end of the column of bars at `x`.
int bar_height(const Image& strip, int x) {
  return bounds(strip, {0, x, strip.height, x + 1}, is_bluish).height();
}

TEST(BarStripTest, BarsAreAsHighAsTheirValues) {
  const Image strip = strip_of({1, 0.5, 0.25, 0});
  const Region bars = bounds(strip, whole(strip), is_bluish);
  const auto middle_of = [&](double channel) { return bars.left + static_cast<int>(bars.width() * (channel + 0.5) / 4); };
  const int full = bar_height(strip, middle_of(0));
  EXPECT_GT(full, 60);
  EXPECT_NEAR(bar_height(strip, middle_of(1)), full * 0.5, 2);
  EXPECT_NEAR(bar_height(strip, middle_of(2)), full * 0.25, 2);
  EXPECT_LE(bar_height(strip, middle_of(3)), 2);
}

TEST(BarStripTest, HasGapsBetweenFewBarsOnly) {
  const auto gaps = [](const Image& strip) {
    const Region bars = bounds(strip, whole(strip), is_bluish);
    const int row = bars.bottom - 5;
    int count = 0;
    for (int x = bars.left + 1; x < bars.right; ++x) {
      count += is_bluish(pixel(strip, row, x - 1)) && !is_bluish(pixel(strip, row, x)) ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(gaps(strip_of(std::vector<double>(16, 0.6))), 15);
  EXPECT_EQ(gaps(strip_of(std::vector<double>(500, 0.6))), 0);
}

TEST(BarStripTest, MarksTheMean) {
  const Image strip = strip_of({1, 0.2, 0.3, 0.1});  // mean 0.4
  const Region bars = bounds(strip, whole(strip), is_bluish);
  const Region line = bounds(strip, {0, bars.left, strip.height, bars.right}, is_color(kOrange));
  EXPECT_GE(line.width(), bars.width() - 1);
  EXPECT_NEAR(line.top, bars.bottom - 0.4 * bars.height(), 2);
  EXPECT_GT(count_pixels(strip, {0, bars.right + 8, strip.height, strip.width}, is_color(kOrange)), 10);  // its number
}

TEST(BarStripTest, LeavesOutWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const Image strip = strip_of({0.5, nan, 0.5, infinity, 0.5});
  const Region bars = bounds(strip, whole(strip), is_bluish);
  EXPECT_EQ(bar_height(strip, bars.left + bars.width() * 3 / 10), 0);
  EXPECT_EQ(bar_height(strip, bars.left + bars.width() * 7 / 10), 0);
  EXPECT_GT(bar_height(strip, bars.left + bars.width() / 2), 30);
  const Image empty = strip_of({nan, nan});
  EXPECT_EQ(count_pixels(empty, whole(empty), is_bluish), 0);
  EXPECT_EQ(count_pixels(empty, whole(empty), is_color(kOrange)), 0);
  EXPECT_NO_THROW(strip_of({nan}, std::nullopt));
}

TEST(BarStripTest, AShortPeakAmongThousandsIsSeen) {
  std::vector<double> values(2048, 0.1);
  const Image flat = strip_of(values);
  values[1024] = 1;
  const Image peaked = strip_of(values);
  const Region low = bounds(flat, whole(flat), is_bluish);
  const Region high = bounds(peaked, whole(peaked), is_bluish);
  EXPECT_LT(low.height(), 12);
  EXPECT_GT(high.height(), 60);
  const Region peak = bounds(peaked, {high.top, 0, low.top - 2, peaked.width}, is_bluish);
  EXPECT_EQ(peak.width(), 1);
  EXPECT_NEAR(peak.left, (high.left + high.right) / 2.0, 2);
}

TEST(BarStripTest, ManyChannelsShowTheirRangeAndTheirMean) {
  std::vector<double> values(2048);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 2 == 0 ? 0.2 : 0.8;
  const Image strip = strip_of(values);
  const Region bars = bounds(strip, whole(strip), is_bluish);
  const int x = (bars.left + bars.right) / 2;
  const auto darkness = [&](double value) {  // at the height of a value, were 0.8 the highest
    const Rgb8 rgb = pixel(strip, bars.bottom - 1 - static_cast<int>(bars.height() * value / 0.8), x);
    return 255 - rgb.red;
  };
  EXPECT_GT(darkness(0.7), 20);
  EXPECT_GT(darkness(0.1), 20);
  EXPECT_GT(darkness(0.3), darkness(0.7) + 20);  // range and mean overlap below the mean
}

TEST(BarStripTest, EveryCountOfChannelsIsDrawn) {
  for (const std::size_t count : {1U, 2U, 3U, 63U, 791U, 792U, 793U, 1000U, 2048U, 5000U}) {
    const Image strip = strip_of(std::vector<double>(count, 0.5));
    const Region bars = bounds(strip, whole(strip), is_bluish);
    EXPECT_GT(bars.width(), 750) << count;
    EXPECT_EQ(strip.width, 960);
    const int low_row = count_pixels(strip, {bars.bottom - 4, bars.left, bars.bottom - 3, bars.right}, is_bluish);
    const int gaps = count > 500 ? 0 : static_cast<int>(count) * 6;
    EXPECT_GE(low_row, bars.width() - gaps) << count;
  }
}

TEST(BarStripTest, ValuesBelowZeroHangDown) {
  const Image strip = strip_of({0.03, -0.03}, std::nullopt);
  const Region bars = bounds(strip, whole(strip), is_bluish);
  const Region up = bounds(strip, {0, 0, strip.height, bars.left + bars.width() / 2}, is_bluish);
  const Region down = bounds(strip, {0, bars.left + bars.width() / 2, strip.height, strip.width}, is_bluish);
  EXPECT_NEAR(up.height(), down.height(), 2);
  EXPECT_NEAR(up.bottom, down.top, 3);
}

TEST(BarStripTest, ValuesOutsideTheRangeAreCutAtItsEnds) {
  const Image inside = strip_of({0, 1, 0});
  const Image outside = strip_of({-8, 9, -1});  // the mean is 0, at the lower end
  const Region cut = bounds(outside, whole(outside), is_bluish);
  EXPECT_NEAR(cut.top, bounds(inside, whole(inside), is_bluish).top, 1);
  EXPECT_NEAR(cut.bottom, bounds(inside, whole(inside), is_bluish).bottom, 2);
}

TEST(BarStripTest, StacksItsRows) {
  const BarRow row{"layer", {0.5, 0.7}, kGate};
  const Image one = bar_strip({row}, {});
  const Image three = bar_strip({row, row, row}, {});
  EXPECT_EQ(three.height, one.height + 2 * 140);
  EXPECT_EQ(three.width, one.width);
  const Image titled = bar_strip({row}, {.title = "Gates", .subtitle = ""});
  EXPECT_GT(titled.height, one.height);
  const Image small = bar_strip({row}, {.title = "", .subtitle = "", .width = 320, .row_height = 80});
  EXPECT_EQ(small.width, 320);
  EXPECT_LT(small.height, one.height);
}

TEST(BarStripTest, TextOfAnyKindStaysInside) {
  const std::string endless(5000, 'w');
  const Image strip =
      bar_strip({{endless, {0.5}, kGate}, {"\xFF\xED\xA0\x80", {0.5}, kGate}}, {.title = endless, .subtitle = ""});
  EXPECT_EQ(strip.width, 960);
  EXPECT_EQ(count_pixels(strip, {0, 950, strip.height, 960}, is_inked), 0);
}

TEST(BarStripTest, DrawsTheSameAgain) {
  std::vector<double> values(999);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i));
  EXPECT_EQ(strip_of(values, std::nullopt).pixels, strip_of(values, std::nullopt).pixels);
}

TEST(BarStripTest, RefusesWhatMakesNoStrip) {
  EXPECT_THROW(bar_strip({}, {}), InputError);
  EXPECT_THAT(
      [] {
        bar_strip({{"layer3", {}, kGate}}, {});
      },
      ThrowsMessage<InputError>(HasSubstr("bar strip: layer3: expected at least one channel")));
  EXPECT_THROW(strip_of({0.5}, ValueRange{1, 1}), InputError);
  EXPECT_THROW(strip_of({0.5}, ValueRange{0, std::numeric_limits<double>::infinity()}), InputError);
  EXPECT_THROW(bar_strip({{"layer", {0.5}, kGate}}, {.title = "", .subtitle = "", .width = 319}), InputError);
  EXPECT_THROW(bar_strip({{"layer", {0.5}, kGate}}, {.title = "", .subtitle = "", .row_height = 79}), InputError);
  EXPECT_THROW(bar_strip(std::vector<BarRow>(1000, {"layer", {0.5}, kGate}), {}), InputError);
}

TEST(BarStripTest, ASubtitleIsBelowTheTitle) {
  const auto strip = [](const std::string& title, const std::string& subtitle) {
    return bar_strip({{"layer", {0.5}, kGate}}, {.title = title, .subtitle = subtitle});
  };
  EXPECT_GT(strip("title", "subtitle").height, strip("title", "").height);
  EXPECT_GT(count_pixels(strip("", "subtitle"), {0, 0, 40, 400}, is_inked),
            count_pixels(strip("", ""), {0, 0, 20, 400}, is_inked));
}

TEST(BarTileTest, ShowsTheGatesOfALayer) {
  const Image tile = bar_tile({"layer", {1, 0.5, 0.25, 0}, kGate}, 150, 224);
  EXPECT_EQ(tile.height, 150);
  EXPECT_EQ(tile.width, 224);
  const Region bars = bounds(tile, whole(tile), is_bluish);
  EXPECT_GT(bars.width(), 130);
  const int full = bar_height(tile, bars.left + bars.width() / 8);
  EXPECT_GT(full, 80);
  EXPECT_NEAR(bar_height(tile, bars.left + bars.width() * 3 / 8), full * 0.5, 2);
  const Region mean = bounds(tile, whole(tile), is_color(kOrange));  // 0.4375
  EXPECT_NEAR(mean.top, bars.bottom - 0.4375 * full, 2);
  EXPECT_NO_THROW(bar_tile({"layer", std::vector<double>(2048, 0.5), std::nullopt}, 150, 224));
}

TEST(BarTileTest, RefusesWhatCannotBeDrawn) {
  EXPECT_THROW(bar_tile({"layer", {}, kGate}, 150, 224), InputError);
  EXPECT_THROW(bar_tile({"layer", {1}, kGate}, 79, 224), InputError);
  EXPECT_THROW(bar_tile({"layer", {1}, kGate}, 150, 119), InputError);
}

}  // namespace
}  // namespace fovea
