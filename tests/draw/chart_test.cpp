#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/draw/chart.h>

#include "pixels.h"

namespace fovea {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

constexpr Rectangle kPlot{80, 40, 200, 100};
constexpr int kRight = 280;
constexpr int kBottom = 140;

/// A chart in the middle of a canvas of 200 x 320 pixels.
struct Drawing {
  Canvas canvas{200, 320};
  Chart chart;

  explicit Drawing(const Axis& x = exact_axis("", {0, 10}, 6), const Axis& y = exact_axis("", {0, 1}, 6))
      : chart(canvas, kPlot, x, y) {}

  Image image() const { return canvas.image(); }
};

TEST(AxisTest, RoundAxisEndsOnItsTicks) {
  const Axis axis = round_axis("loss", {0.3, 1.9}, 6);
  EXPECT_EQ(axis.label, "loss");
  EXPECT_EQ(axis.range.low, 0);
  EXPECT_EQ(axis.range.high, 2);
  EXPECT_THAT(axis.ticks.values, ElementsAre(0, 0.5, 1, 1.5, 2));
}

TEST(AxisTest, ExactAxisKeepsItsEnds) {
  const Axis axis = exact_axis("epoch", {1, 7}, 4, 1);
  EXPECT_EQ(axis.range.low, 1);
  EXPECT_EQ(axis.range.high, 7);
  EXPECT_THAT(axis.ticks.values, ElementsAre(2, 4, 6));
}

TEST(AxisTest, OneValueGetsARange) {
  for (const double value : {0.0, 0.7, -3.0, 1e-9, 1e12}) {
    const Axis axis = round_axis("", {value, value}, 6);
    EXPECT_LT(axis.range.low, value);
    EXPECT_GT(axis.range.high, value);
    EXPECT_GE(axis.ticks.values.size(), 2U);
  }
}

TEST(ChartTest, TurnsValuesIntoPixels) {
  const Drawing drawing;
  const Point low = drawing.chart.at(0, 0);
  EXPECT_EQ(low.x, 80);
  EXPECT_EQ(low.y, kBottom);
  const Point high = drawing.chart.at(10, 1);
  EXPECT_EQ(high.x, kRight);
  EXPECT_EQ(high.y, 40);
  EXPECT_THAT(drawing.chart.at(2.5, 0.25).x, DoubleEq(130));
  EXPECT_THAT(drawing.chart.at(2.5, 0.25).y, DoubleEq(115));
}

TEST(ChartTest, DrawsALineOfTheGridPerTick) {
  const Image image = Drawing().image();
  int lines = 0;
  for (int y = 35; y < kBottom; ++y) lines += count_pixels(image, {y, 80, y + 1, kRight}, is_color(kGrid)) == 200 ? 1 : 0;
  EXPECT_EQ(lines, 5);  // 0.2 .. 1; the sixth lies under the axis
  EXPECT_EQ(count_pixels(image, {kBottom, 80, kBottom + 1, kRight}, is_color(kQuiet)), 200);
}

TEST(ChartTest, WritesANumberAtEachTick) {
  const Image image = Drawing().image();
  for (const int x : {80, 120, 160, 200, 240, 280}) {
    EXPECT_GT(count_pixels(image, {kBottom + 7, x - 8, kBottom + 22, x + 8}, is_inked), 5) << x;
    EXPECT_EQ(count_pixels(image, {kBottom + 7, x + 12, kBottom + 22, x + 28}, is_inked), 0) << x;
  }
  for (const int y : {40, 60, 80, 100, 120, 140}) {
    EXPECT_GT(count_pixels(image, {y - 5, 50, y + 5, 74}, is_inked), 5) << y;
  }
  const Image bare = Drawing({"", {0, 1}, {}}, {"", {0, 1}, {}}).image();
  EXPECT_EQ(bounds(bare, whole(bare), is_inked), (Region{kBottom, 80, kBottom + 1, kRight}));
}

TEST(ChartTest, LabelsItsAxes) {
  const Image bare = Drawing().image();
  const Image labelled = Drawing(exact_axis("across", {0, 10}, 6), exact_axis("upwards", {0, 1}, 6)).image();
  const Region below{kBottom + 23, 80, 200, kRight};
  const Region beside{0, 0, 200, 45};
  EXPECT_EQ(count_pixels(bare, below, is_inked), 0);
  EXPECT_EQ(count_pixels(bare, beside, is_inked), 0);
  EXPECT_GT(count_pixels(labelled, below, is_inked), 20);
  const Region up = bounds(labelled, beside, is_inked);
  EXPECT_GE(up.left, 80 - kChartLeft);
  EXPECT_GT(up.height(), 2 * up.width());
  EXPECT_NEAR((up.top + up.bottom) / 2.0, 90, 3);
  EXPECT_LE(bounds(labelled, whole(labelled), is_inked).bottom, kBottom + kChartBottom);
}

TEST(ChartTest, LinesGoThroughTheirValues) {
  Drawing drawing;
  drawing.chart.line({{0, 0}, {5, 0.5}, {10, 0.5}}, {.color = kRed, .width = 3}, 0);
  const Image image = drawing.image();
  EXPECT_EQ(pixel(image, 115, 130), rgb8(kRed));
  EXPECT_EQ(pixel(image, 90, 230), rgb8(kRed));
  EXPECT_EQ(count_pixels(image, {40, 80, 85, kRight}, is_color(kRed)), 0);
}

TEST(ChartTest, MarkersStandAtEachValue) {
  Drawing drawing;
  drawing.chart.line({{5, 0.5}}, {.color = kRed, .width = 3}, 4);  // a single value has a marker only
  drawing.chart.line({{2, 0.9}, {3, 0.9}}, {.color = kBlue, .width = 1}, 0);
  const Image image = drawing.image();
  const Region marker = bounds(image, whole(image), is_color(kRed));
  EXPECT_NEAR((marker.top + marker.bottom) / 2.0, 90, 1);
  EXPECT_NEAR((marker.left + marker.right) / 2.0, 180, 1);
  EXPECT_NEAR(marker.width(), 8, 2);
  EXPECT_LE(bounds(image, whole(image), is_color(kBlue)).height(), 2);
}

TEST(ChartTest, AreasAndVerticalsCoverTheirValues) {
  Drawing drawing;
  drawing.chart.area({2, 3}, {0.25, 0.75}, kRed);
  drawing.chart.vertical(8, {.color = kBlue});
  const Image image = drawing.image();
  EXPECT_EQ(bounds(image, whole(image), is_color(kRed)), (Region{65, 120, 115, 140}));
  EXPECT_EQ(bounds(image, whole(image), is_color(kBlue)), (Region{40, 240, kBottom, 241}));
}

TEST(ChartTest, HeaderHasTitleAndLegendAboveThePlot) {
  Drawing drawing;
  drawing.chart.header("Loss", {{"one", kRed}, {"two", kBlue}});
  const Image image = drawing.image();
  const Region red = bounds(image, whole(image), is_color(kRed));
  const Region blue = bounds(image, whole(image), is_color(kBlue));
  EXPECT_GT(blue.left, red.right);
  EXPECT_GT(red.left, 180);
  EXPECT_LT(blue.right, kRight);
  EXPECT_LE(blue.bottom, 40);
  EXPECT_GT(count_pixels(image, {10, 80, 38, 130}, is_color(kInk)), 10);
  EXPECT_GT(count_pixels(image, {10, blue.right, 38, kRight}, is_inked), 10);
  EXPECT_GE(bounds(image, whole(image), is_inked).top, 40 - kChartHeader);
}

TEST(ChartTest, RefusesAxesWithoutExtent) {
  Canvas canvas(200, 320);
  const Axis good = exact_axis("", {0, 1}, 6);
  EXPECT_THROW(Chart(canvas, kPlot, {"", {1, 1}, {}}, good), InputError);
  EXPECT_THROW(Chart(canvas, kPlot, good, {"", {1, 0}, {}}), InputError);
  EXPECT_THROW(round_axis("", {0, std::numeric_limits<double>::infinity()}, 6), InputError);
}

}  // namespace
}  // namespace fovea
