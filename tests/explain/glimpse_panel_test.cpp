#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/explain/glimpse_drawing.h>
#include <fovea/explain/glimpse_panel.h>
#include <fovea/explain/overlay.h>

#include "decoded_animation.h"
#include "pixels.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr Color kSeenGreen = to_color({10, 220, 30});
constexpr Color kSeenPink = to_color({250, 20, 220});

Image plain(int height, int width, Color color) {
  return Canvas(height, width, color).image();
}

/// A glimpse of one scale whose patch has one colour.
PhotoGlimpse thinking(std::vector<double> probabilities, Color seen = kSeenGreen) {
  return {{30, 30}, {{20, 20, 40, 40}}, {plain(6, 6, seen)}, std::move(probabilities)};
}

GlimpseTexts texts_for(const std::vector<PhotoGlimpse>& glimpses) {
  return {"photo.png", "b  90.0 %", {"a", "b", "c", "d"}, followed_classes(glimpses, {1})};
}

TEST(FollowedClassesTest, AreThoseThatEndedHighLedOrAreExplained) {
  const std::vector<PhotoGlimpse> glimpses = {thinking({0, 0, 0, 0, 0, 1, 0, 0}), thinking({0, 0, 0.3, 0, 0.6, 0.1, 0, 0}),
                                              thinking({0.3, 0.4, 0.2, 0.05, 0.03, 0.02, 0, 0})};
  EXPECT_THAT(followed_classes(glimpses, {1}), ElementsAre(1, 0, 2, 4, 5));
  EXPECT_THAT(followed_classes(glimpses, {7}), ElementsAre(1, 0, 2, 4, 5, 7));
  EXPECT_THAT(followed_classes({thinking({0.2, 0.8})}, {1}), ElementsAre(1, 0));
  EXPECT_THAT(followed_classes(glimpses, {7, 3}), ElementsAre(1, 0, 2, 3, 4, 5, 7)) << "in the order of their probability";
}

TEST(FollowedClassesTest, AreSevenAtMost) {
  std::vector<PhotoGlimpse> glimpses;
  for (std::size_t leader = 0; leader < 12; ++leader) {
    std::vector<double> probabilities(12, 0.0);
    probabilities[leader] = 1;
    glimpses.push_back(thinking(probabilities));
  }
  const std::vector<std::int64_t> followed = followed_classes(glimpses, {5});
  EXPECT_EQ(followed.size(), 7U);
  EXPECT_EQ(followed[0], 11);
  EXPECT_THAT(followed, ::testing::Contains(5));
  EXPECT_THAT(followed, ::testing::Contains(10));  // the last leaders count most
}

/// Number of a picture's pixels of a colour.
int amount(const Image& picture, Color color) {
  return count_pixels(picture, whole(picture), is_color(color));
}

TEST(GlimpsePanelTest, ShowsWhatWasSeenInTheOrderOfSteps) {
  const std::vector<PhotoGlimpse> glimpses = {thinking({0, 1, 0, 0}, kSeenGreen), thinking({0, 1, 0, 0}, kSeenPink)};
  const Image panel = glimpse_panel(plain(60, 80, kBlue), glimpses, texts_for(glimpses), ColorMap::inferno);
  const Region first = bounds(panel, whole(panel), is_color(kSeenGreen));
  const Region second = bounds(panel, whole(panel), is_color(kSeenPink));
  EXPECT_GT(first.width(), 70);
  EXPECT_EQ(first.height(), second.height());
  EXPECT_EQ(first.top, second.top);
  EXPECT_LT(first.right, second.left);
}

TEST(GlimpsePanelTest, BarsAreAsLongAsProbabilities) {
  const auto bars = [](double probability) {
    const std::vector<PhotoGlimpse> glimpses = {thinking({1 - probability, probability, 0, 0})};
    const Image panel = glimpse_panel(plain(60, 60, kWhite), glimpses, texts_for(glimpses), ColorMap::inferno);
    return bounds(panel, whole(panel), is_color(kBlue)).width();  // of the class that leads
  };
  const int full = bars(1);
  EXPECT_GT(full, 30);  // the number beside it, "100.0 %", takes the rest of the cell
  EXPECT_NEAR(bars(0.75), 0.75 * full, 1.5);
  EXPECT_NEAR(bars(0.25), 0.75 * full, 1.5);  // the other one leads
}

TEST(GlimpsePanelTest, KeepsEveryStepInRowsOfEight) {
  std::vector<PhotoGlimpse> glimpses;
  for (int step = 0; step < 20; ++step) glimpses.push_back(thinking({0.1, 0.9, 0, 0}));
  const Image eight =
      glimpse_panel(plain(60, 60, kWhite), {glimpses.begin(), glimpses.begin() + 8}, texts_for(glimpses), ColorMap::inferno);
  const Image twenty = glimpse_panel(plain(60, 60, kWhite), glimpses, texts_for(glimpses), ColorMap::inferno);
  EXPECT_LE(twenty.width, eight.width + 200);  // the photo may be larger
  EXPECT_EQ(amount(twenty, kSeenGreen) * 8, amount(eight, kSeenGreen) * 20);
}

TEST(GlimpsePanelTest, MakesAPhotoLargeEnoughForNumbers) {
  const std::vector<PhotoGlimpse> glimpses = {{{0, 0}, {{0, 0, 2, 2}}, {plain(6, 6, kSeenGreen)}, {0, 1, 0, 0}}};
  constexpr Color kPhoto = to_color({40, 60, 180});
  for (const int side : {20, 119, 121, 151, 179, 180, 181, 300, 700}) {
    const Image panel = glimpse_panel(plain(side, side, kPhoto), glimpses, texts_for(glimpses), ColorMap::inferno);
    const int shown = bounds(panel, whole(panel), is_color(to_color(unseen_color(rgb8(kPhoto))))).height();
    EXPECT_GE(shown, 180) << side;
    EXPECT_LE(shown, 360) << side;
  }
}

TEST(GlimpsePanelTest, GrowsInWidthWhereItsHeightHasNoRoom) {
  constexpr int kScales = 12, kSteps = 250;  // in rows of eight they would be 39 000 pixels high
  PhotoGlimpse glimpse = thinking({0, 1, 0, 0});
  glimpse.windows.resize(kScales, glimpse.windows[0]);
  glimpse.patches.resize(kScales, glimpse.patches[0]);
  const std::vector<PhotoGlimpse> glimpses(kSteps, glimpse);
  const Image panel = glimpse_panel(plain(60, 60, kWhite), glimpses, texts_for(glimpses), ColorMap::inferno);
  EXPECT_GT(panel.height, kMaximumCanvasSide * 3 / 4);
  EXPECT_GT(amount(panel, kSeenGreen), kSteps * kScales * 70 * 70);
}

TEST(GlimpsePanelTest, RefusesNone) {
  EXPECT_THAT([] { glimpse_panel(plain(5, 5, kWhite), {}, {}, ColorMap::inferno); },
              ThrowsMessage<InputError>(HasSubstr("expected at least one, got none")));
  EXPECT_THAT([] { glimpse_animation(plain(5, 5, kWhite), {}, {}, ColorMap::inferno); },
              ThrowsMessage<InputError>(HasSubstr("expected at least one, got none")));
}

TEST(GlimpseAnimationTest, ShowsGlimpseAfterGlimpse) {
  const std::vector<PhotoGlimpse> glimpses = {thinking({0, 1, 0, 0}, kSeenGreen), thinking({0.5, 0.5, 0, 0}, kSeenPink),
                                              thinking({0, 1, 0, 0}, kSeenGreen)};
  for (const auto& [height, width, longer] :
       {std::tuple(60, 80, 480), {200, 300, 300}, {500, 400, 500}, {3000, 1500, 1024}}) {
    const DecodedAnimation animation = decoded_animation(
        glimpse_animation(plain(height, width, kWhite), glimpses, texts_for(glimpses), ColorMap::inferno).finish());
    EXPECT_THAT(animation.ends, ElementsAre(800, 1600, 4000));
    ASSERT_EQ(animation.frames.size(), 3U);
    for (const std::size_t step : {0U, 1U, 2U}) {
      const bool is_green = step != 1;
      EXPECT_EQ(amount(animation.frames[step], kSeenGreen) > 70 * 70, is_green);
      EXPECT_EQ(amount(animation.frames[step], kSeenPink) > 70 * 70, !is_green);
      for (const std::size_t later : {0U, 1U, 2U}) {  // which are not to be seen
        const Color color = to_color(step_color(ColorMap::inferno, later, 3));
        EXPECT_EQ(amount(animation.frames[step], color) > 0, later <= step);
      }
    }
    EXPECT_GT(std::max(animation.frames[0].height, animation.frames[0].width), longer);
    EXPECT_LT(std::max(animation.frames[0].height, animation.frames[0].width), longer + 400);
  }
}

}  // namespace
}  // namespace fovea
