#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/report/learning_curves.h>

#include "pixels.h"

namespace fovea {
namespace {

/// Falling loss, rising top-1.
std::vector<CurvePoint> training(int epochs, bool has_validation = true) {
  std::vector<CurvePoint> points;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    CurvePoint point{.epoch = epoch, .val_loss = std::nullopt, .val_top1 = std::nullopt};
    point.train_loss = 2.0 / epoch;
    point.train_top1 = 1 - 0.9 / epoch;
    if (has_validation) point.val_loss = 2.2 / epoch + 0.1;
    if (has_validation) point.val_top1 = 0.9 - 0.85 / epoch;
    point.learning_rate = 0.1 / epoch;
    points.push_back(point);
  }
  return points;
}

CurveOptions selecting(std::int64_t epoch) {
  return {.title = "", .selected_epoch = epoch};
}

int count_of(const Image& picture, const Color& color) {
  return count_pixels(picture, whole(picture), is_color(color));
}

/// The three panels, left to right.
std::vector<Region> panels_of(const Image& picture) {
  const int first = picture.width * 40 / 100;
  const int second = picture.width * 78 / 100;
  return {{0, 0, picture.height, first}, {0, first, picture.height, second}, {0, second, picture.height, picture.width}};
}

TEST(LearningCurvesTest, ShowsTrainingAndValidationInBothPanels) {
  const Image picture = learning_curves(training(20), {});
  const std::vector<Region> panels = panels_of(picture);
  EXPECT_EQ(picture.channels, 3);
  for (const Region& panel : {panels[0], panels[1]}) {
    EXPECT_GT(count_pixels(picture, panel, is_color(kBlue)), 300);
    EXPECT_GT(count_pixels(picture, panel, is_color(kOrange)), 300);
  }
  EXPECT_EQ(count_pixels(picture, panels[2], is_color(kBlue)), 0);
  EXPECT_GT(count_pixels(picture, panels[2], is_color(kQuiet)), 100);
}

TEST(LearningCurvesTest, LossFallsAndTop1Rises) {
  const Image picture = learning_curves(training(20, false), {});
  const auto first_above_last = [&](const Region& panel) {
    // The curve lies in the lower four fifths: the legend's dot is above.
    const Region plot{picture.height / 5, panel.left, panel.bottom, panel.right};
    const Region curve = bounds(picture, plot, is_color(kBlue));
    const Region start = bounds(picture, {plot.top, curve.left, plot.bottom, curve.left + 5}, is_color(kBlue));
    const Region end = bounds(picture, {plot.top, curve.right - 5, plot.bottom, curve.right}, is_color(kBlue));
    return end.top - start.top;
  };
  EXPECT_GT(first_above_last(panels_of(picture)[0]), 100);
  EXPECT_LT(first_above_last(panels_of(picture)[1]), -100);
}

TEST(LearningCurvesTest, WithoutValidationThereIsOneLine) {
  EXPECT_EQ(count_of(learning_curves(training(20, false), {}), kOrange), 0);
}

TEST(LearningCurvesTest, MarksTheSelectedEpoch) {
  const std::vector<CurvePoint> points = training(20);
  const Image plain = learning_curves(points, {});
  const Image early = learning_curves(points, selecting(5));
  const Image late = learning_curves(points, selecting(15));
  EXPECT_GT(early.height, plain.height);  // a line says which epoch it is
  EXPECT_EQ(early.height, late.height);
  EXPECT_NE(early.pixels, late.pixels);
  // The dashed line: the column of the loss panel with most quiet pixels, below the header.
  const auto dashed_column = [](const Image& picture) {
    int best = 0;
    int most = 0;
    for (int x = 70; x < picture.width * 37 / 100; ++x) {
      const int count = count_pixels(picture, {90, x, 320, x + 1}, is_color(kQuiet));
      if (count > most) {
        most = count;
        best = x;
      }
    }
    EXPECT_GT(most, 60);
    return best;
  };
  EXPECT_GT(dashed_column(late), dashed_column(early) + 100);
}

TEST(LearningCurvesTest, ASelectedEpochThatWasNotMeasuredIsDrawnWithoutValues) {
  const Image picture = learning_curves(training(20), selecting(23));
  const Image without_headline = learning_curves(training(20), {});
  // All but the headline, which is as high as the pictures' difference, is as without a selection.
  const auto headline = static_cast<std::ptrdiff_t>(picture.pixels.size() - without_headline.pixels.size());
  EXPECT_TRUE(std::equal(picture.pixels.begin() + headline + 60'000, picture.pixels.end(),
                         without_headline.pixels.begin() + 60'000));
  EXPECT_NO_THROW(learning_curves({}, selecting(1)));
}

TEST(LearningCurvesTest, OneEpochIsAMarker) {
  const Image picture = learning_curves(training(1), {});
  const Image many = learning_curves(training(30), {});
  EXPECT_EQ(picture.width, many.width);
  EXPECT_EQ(picture.height, many.height);
  for (const Region& panel : {panels_of(picture)[0], panels_of(picture)[1]}) {
    const Region plot{40, panel.left, panel.bottom, panel.right};
    const Region marker = bounds(picture, plot, is_color(kBlue));
    EXPECT_GE(marker.width(), 4);
    EXPECT_LE(marker.width(), 9);
    EXPECT_LE(marker.height(), 9);
  }
}

TEST(LearningCurvesTest, ManyEpochsHaveNoMarkers) {
  const auto flat = [](int epochs) {
    std::vector<CurvePoint> points = training(epochs, false);
    for (CurvePoint& point : points) point.train_loss = 1;
    const Image picture = learning_curves(points, {});
    const Region panel = panels_of(picture)[0];
    return bounds(picture, {40, panel.left, panel.bottom, panel.right}, is_color(kBlue)).height();
  };
  EXPECT_GE(flat(30), 5);
  EXPECT_LE(flat(300), 3);
  EXPECT_GE(flat(300), 1);
}

TEST(LearningCurvesTest, LeavesOutWhatIsNoNumber) {
  std::vector<CurvePoint> points = training(6);
  std::vector<CurvePoint> clean = points;
  points[2].train_loss = std::numeric_limits<double>::quiet_NaN();
  points[3].val_loss = std::numeric_limits<double>::infinity();
  points[4].val_top1 = -std::numeric_limits<double>::infinity();
  const Image picture = learning_curves(points, {});
  EXPECT_EQ(picture.width, learning_curves(clean, {}).width);
  EXPECT_GT(count_of(picture, kBlue), 200);

  for (CurvePoint& point : points) point.train_loss = std::nan("");
  for (CurvePoint& point : points) point.val_loss = std::nan("");
  const Image empty = learning_curves(points, {});
  EXPECT_EQ(count_pixels(empty, panels_of(empty)[0], is_color(kBlue)), 0);
  EXPECT_GT(count_pixels(empty, panels_of(empty)[1], is_color(kBlue)), 0);
}

TEST(LearningCurvesTest, WithoutEpochsThePanelsAreEmpty) {
  const Image picture = learning_curves({}, {});
  EXPECT_EQ(count_of(picture, kBlue), 0);
  EXPECT_GT(count_of(picture, kGrid), 100);
}

TEST(LearningCurvesTest, ExtremeValuesAndTextsAreDrawn) {
  std::vector<CurvePoint> points = training(3);
  points[0].train_loss = 1e30;
  points[1].learning_rate = 1e-12;
  const std::string endless(5000, 'w');
  const Image picture = learning_curves(points, {.title = endless + "\xFF", .selected_epoch = 2});
  EXPECT_EQ(picture.width, learning_curves(points, {}).width);
  EXPECT_EQ(count_pixels(picture, {0, picture.width - 12, picture.height, picture.width}, is_inked), 0);
}

TEST(LearningCurvesTest, DrawsTheSameAgain) {
  EXPECT_EQ(learning_curves(training(50), selecting(9)).pixels, learning_curves(training(50), selecting(9)).pixels);
}

}  // namespace
}  // namespace fovea
