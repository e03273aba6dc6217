#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <future>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/draw/canvas.h>

#include "pixels.h"

namespace fovea {
namespace {

using ::testing::StartsWith;
using ::testing::ThrowsMessage;

constexpr Color kBlack{0, 0, 0};

/// Box of the ink of a text on a white canvas of 60 x 200 pixels.
Region inked_by(const std::string& text, Point anchor, const TextStyle& style) {
  Canvas canvas(60, 200);
  canvas.text(text, anchor, style);
  const Image image = canvas.image();
  return bounds(image, whole(image), is_inked);
}

TEST(CanvasTest, StartsWithItsBackground) {
  const Canvas canvas(3, 7, {0.2, 0.4, 1});
  const Image image = canvas.image();
  EXPECT_EQ(canvas.height(), 3);
  EXPECT_EQ(canvas.width(), 7);
  EXPECT_EQ(image.height, 3);
  EXPECT_EQ(image.width, 7);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(count_pixels(image, whole(image), is_color({0.2, 0.4, 1})), 21);
}

TEST(CanvasTest, RefusesSidesItCannotHave) {
  EXPECT_THAT([] { Canvas(40000, 10); },
              ThrowsMessage<InputError>(StartsWith("canvas: expected sides of 1 to 32767 pixels, got 40000 x 10")));
  EXPECT_THROW(Canvas(10, 32768), InputError);
  EXPECT_THROW(Canvas(0, 10), InputError);
  EXPECT_THROW(Canvas(10, -1), InputError);
  EXPECT_EQ(Canvas(1, 32767).image().width, 32767);
  EXPECT_EQ(Canvas(32767, 1).image().height, 32767);
}

TEST(CanvasTest, FillsWholePixels) {
  Canvas canvas(10, 20);
  canvas.fill_rectangle({3, 2, 5, 4}, kBlack);
  const Image image = canvas.image();
  EXPECT_EQ(bounds(image, whole(image), is_inked), (Region{2, 3, 6, 8}));
  EXPECT_EQ(count_pixels(image, whole(image), is_color(kBlack)), 20);
}

TEST(CanvasTest, MixesColoursByAlpha) {
  Canvas canvas(1, 1, kBlack);
  canvas.fill_rectangle({0, 0, 1, 1}, {1, 0.5, 0, 0.5});
  const Rgb8 mixed = pixel(canvas.image(), 0, 0);
  EXPECT_NEAR(mixed.red, 128, 1);
  EXPECT_NEAR(mixed.green, 64, 1);
  EXPECT_EQ(mixed.blue, 0);
}

TEST(CanvasTest, LinesAreSharpAtHalfCoordinates) {
  Canvas canvas(10, 20);
  canvas.line({2, 4.5}, {12, 4.5}, {.color = kBlack, .width = 1});
  const Image image = canvas.image();
  EXPECT_EQ(bounds(image, whole(image), is_inked), (Region{4, 2, 5, 12}));
  EXPECT_EQ(count_pixels(image, whole(image), is_color(kBlack)), 10);
}

TEST(CanvasTest, DashesLeaveGaps) {
  Canvas canvas(3, 40);
  canvas.line({0, 1.5}, {40, 1.5}, {.color = kBlack, .dash = 4});
  canvas.line({0, 0.5}, {40, 0.5}, {.color = kBlack});  // the next line is solid again
  const Image image = canvas.image();
  EXPECT_EQ(count_pixels(image, {1, 0, 2, 40}, is_color(kBlack)), 20);
  EXPECT_EQ(pixel(image, 1, 3), rgb8(kBlack));
  EXPECT_EQ(pixel(image, 1, 4), rgb8(kWhite));
  EXPECT_EQ(count_pixels(image, {0, 0, 1, 40}, is_color(kBlack)), 40);
}

TEST(CanvasTest, StrokesLieOnTheEdge) {
  Canvas canvas(20, 20);
  canvas.stroke_rectangle({5.5, 4.5, 8, 10}, {.color = kBlack});
  const Image image = canvas.image();
  EXPECT_EQ(bounds(image, whole(image), is_inked), (Region{4, 5, 15, 14}));
  EXPECT_EQ(count_pixels(image, {5, 6, 14, 13}, is_inked), 0);
}

TEST(CanvasTest, PolylineJoinsItsPointsOnly) {
  Canvas canvas(20, 20);
  canvas.polyline({{2, 2.5}, {15.5, 2.5}, {15.5, 18}}, {.color = kBlack});
  Image image = canvas.image();
  EXPECT_EQ(pixel(image, 2, 8), rgb8(kBlack));
  EXPECT_EQ(pixel(image, 10, 15), rgb8(kBlack));
  EXPECT_EQ(count_pixels(image, {4, 0, 20, 14}, is_inked), 0);  // not closed

  canvas = Canvas(20, 20);
  canvas.polyline({}, {.width = 5});
  canvas.polyline({{4, 4}}, {.width = 5});
  canvas.line({0, 15.5}, {20, 15.5}, {.color = kBlack});  // and does not start at the single point
  image = canvas.image();
  EXPECT_EQ(bounds(image, whole(image), is_inked), (Region{15, 0, 16, 20}));
}

TEST(CanvasTest, CirclesHaveTheirArea) {
  Canvas filled(41, 41);
  filled.fill_circle({20.5, 20.5}, 15, kBlack);
  Image image = filled.image();
  const Region ink = bounds(image, whole(image), is_inked);
  EXPECT_NEAR(ink.top, 5.5, 1);
  EXPECT_NEAR(ink.right, 35.5, 1);
  EXPECT_EQ(ink.height(), ink.width());
  EXPECT_NEAR(count_pixels(image, whole(image), is_color(kBlack)), 3.1416 * 15 * 15, 60);  // less the grey rim

  Canvas outlined(41, 41);
  outlined.stroke_circle({20.5, 20.5}, 15, {.color = kBlack, .width = 3});
  image = outlined.image();
  EXPECT_EQ(pixel(image, 20, 20), rgb8(kWhite));
  EXPECT_EQ(pixel(image, 20, 35), rgb8(kBlack));
}

TEST(CanvasTest, CutsOffWhatLiesOutside) {
  Canvas canvas(10, 10);
  canvas.fill_rectangle({-5, -5, 7, 7}, kBlack);
  canvas.line({-100, 5.5}, {100, 5.5}, {.color = kBlack});
  canvas.text("outside", {500, 500}, {});
  const Image image = canvas.image();
  EXPECT_EQ(count_pixels(image, whole(image), is_inked), 4 + 10);
}

TEST(CanvasTest, DrawsTheSameAgain) {
  const auto picture = [] {
    Canvas canvas(50, 90);
    canvas.fill_circle({30.2, 20.7}, 14.3, kOrange);
    canvas.text("same", {10, 40}, {.size = 17, .bold = true, .rotation = 20});
    return canvas.image();
  };
  EXPECT_EQ(picture().pixels, picture().pixels);
}

TEST(CanvasTest, SeveralThreadsMayDraw) {
  const auto picture = [](int seed) {
    Canvas canvas(50, 200);
    for (int i = 0; i < 20; ++i)
      canvas.text("text " + std::to_string(seed * i), {10, 40}, {.size = 8.0 + i, .bold = i % 2 == 0});
    return canvas.image().pixels;
  };
  std::vector<std::future<std::vector<std::uint8_t>>> drawn;
  drawn.reserve(4);
  for (int seed = 0; seed < 4; ++seed) drawn.push_back(std::async(std::launch::async, picture, seed));
  for (int seed = 0; seed < 4; ++seed) EXPECT_EQ(drawn[static_cast<std::size_t>(seed)].get(), picture(seed)) << seed;
}

TEST(CanvasTextTest, StandsOnItsBaseline) {
  const Region ink = inked_by("HHH", {20, 40}, {.size = 20});
  EXPECT_EQ(ink.bottom, 40);
  EXPECT_GE(ink.left, 20);
  EXPECT_LE(ink.left, 24);
  EXPECT_NEAR(ink.height(), 20 * 0.73, 2);  // capitals are about three quarters of the size
}

TEST(CanvasTextTest, IsAlignedAtItsPoint) {
  TextStyle style{.size = 20};
  const double width = text_extent("HIH", style).width;
  style.align = TextStyle::Align::right;
  Region ink = inked_by("HIH", {150, 40}, style);
  EXPECT_LE(ink.right, 150);
  EXPECT_NEAR(ink.left, 150 - width, 3);
  style.align = TextStyle::Align::centre;
  ink = inked_by("HIH", {100, 40}, style);
  EXPECT_NEAR((ink.left + ink.right) / 2.0, 100, 1);

  style.vertical = TextStyle::Vertical::middle;
  ink = inked_by("HIH", {100, 30}, style);
  EXPECT_NEAR((ink.top + ink.bottom) / 2.0, 30, 1);
  style.vertical = TextStyle::Vertical::top;
  ink = inked_by("HIH", {100, 10}, style);
  EXPECT_GE(ink.top, 10);
  EXPECT_LE(ink.top, 18);
}

TEST(CanvasTextTest, TurnsCounterClockwiseAboutItsPoint) {
  const Region flat = inked_by("HHH", {100, 55}, {.size = 16});
  const Region upward = inked_by("HHH", {100, 55}, {.size = 16, .rotation = 90});
  EXPECT_NEAR(upward.height(), flat.width(), 1);
  EXPECT_NEAR(upward.width(), flat.height(), 1);
  EXPECT_LE(upward.right, 100);
  EXPECT_LE(upward.bottom, 55);
  EXPECT_GE(upward.bottom, 50);
}

TEST(CanvasTextTest, HasItsColourAndWeight) {
  const auto ink = [](bool bold) {
    Canvas canvas(60, 200);
    canvas.text("IIIIIII", {10, 40}, {.size = 40, .bold = bold, .color = kRed});
    const Image image = canvas.image();
    return count_pixels(image, whole(image), is_color(kRed));
  };
  EXPECT_GT(ink(false), 100);
  EXPECT_GT(ink(true), ink(false) * 1.3);
}

TEST(CanvasTextTest, BytesThatAreNoTextStopNothing) {
  Canvas canvas(60, 200);
  for (const std::string text :
       {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xEF\xBF\xBF", "\xF5\x80\x80\x80", "caf\xE9", "\x1B[31m", ""}) {
    canvas.text(text, {10, 30}, {});
    EXPECT_GE(text_extent(text, {}).width, 0);
    EXPECT_EQ(fitted_text(text, {}, 0), "");
  }
  Image image = canvas.image();
  EXPECT_GT(count_pixels(image, whole(image), is_inked), 0);  // signs of replacement
  canvas.fill_rectangle({190, 50, 10, 10}, kBlack);           // Cairo would draw nothing after an error
  image = canvas.image();
  EXPECT_EQ(pixel(image, 55, 195), rgb8(kBlack));
}

TEST(TextExtentTest, IsWhatIsDrawn) {
  for (const double size : {9.0, 14.0, 30.0}) {
    const TextStyle style{.size = size, .bold = true};
    const Region ink = inked_by("HiMjH", {5, 40}, style);
    EXPECT_NEAR(ink.width(), text_extent("HiMjH", style).width, 0.25 * size);
    EXPECT_GE(text_extent("HiMjH", style).height, ink.height());
  }
  EXPECT_EQ(text_extent("", {}).width, 0);
  EXPECT_NEAR(text_extent("mm", {}).width, 2 * text_extent("m", {}).width, 1e-6);
  EXPECT_NEAR(text_extent("m", {.size = 24}).width, 2 * text_extent("m", {.size = 12}).width, 1e-3);
}

TEST(FittedTextTest, KeepsWhatFits) {
  const TextStyle style{.size = 13};
  const double width = text_extent("golden retriever", style).width;
  EXPECT_EQ(fitted_text("golden retriever", style, width), "golden retriever");
  EXPECT_EQ(fitted_text("", style, 0), "");
}

TEST(FittedTextTest, ShortensWithAnEllipsisAsLittleAsNeeded) {
  const TextStyle style{.size = 13};
  const std::string text = "golden retriever";
  for (int width = 0; width < text_extent(text, style).width; width += 3) {
    const std::string fitted = fitted_text(text, style, width);
    EXPECT_LE(text_extent(fitted, style).width, width);
    if (fitted.empty()) {
      EXPECT_GT(text_extent("…", style).width, width);
      continue;
    }
    ASSERT_TRUE(fitted.ends_with("…"));
    const std::string kept = fitted.substr(0, fitted.size() - std::string("…").size());
    EXPECT_TRUE(text.starts_with(kept));
    EXPECT_FALSE(kept.ends_with(' '));
    std::size_t more = kept.size() + 1;
    if (text[kept.size()] == ' ') ++more;  // a space before the ellipsis is left out
    EXPECT_GT(text_extent(text.substr(0, more) + "…", style).width, width) << fitted;
  }
}

TEST(FittedTextTest, CutsBetweenCharacters) {
  const TextStyle style{.size = 13};
  const std::string text = "ééééééé";
  const std::string fitted = fitted_text(text, style, text_extent("ééé…", style).width + 0.01);
  EXPECT_EQ(fitted, "ééé…");
}

TEST(FittedTextTest, KeepsBothEndsOfAPath) {
  const TextStyle style{.size = 13};
  const double width = text_extent("éééé….jpg", style).width + 0.01;
  EXPECT_EQ(fitted_text("ééééaaaaaaaaaaaaa.jpg", style, width, Truncation::middle), "éééé….jpg");
}

TEST(FittedTextTest, HandlesNamesOfAnyLength) {
  const TextStyle style{.size = 13};
  const std::string fitted = fitted_text(std::string(100'000, 'w'), style, 200);
  EXPECT_LE(text_extent(fitted, style).width, 200);
  EXPECT_GT(text_extent(fitted, style).width, 180);
}

Image grey_row(std::initializer_list<int> values) {
  Image image(1, static_cast<int>(values.size()), 1);
  std::transform(values.begin(), values.end(), image.pixels.begin(),
                 [](int value) { return static_cast<std::uint8_t>(value); });
  return image;
}

TEST(CanvasDrawTest, CopiesPixelsAsTheyAre) {
  Image picture(2, 3, 3);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(13 * i + 1);
  for (const Scaling scaling : {Scaling::nearest, Scaling::smooth}) {
    Canvas canvas(6, 8);
    canvas.draw(picture, {2, 1, 3, 2}, scaling);
    const Image image = canvas.image();
    for (int y = 0; y < 2; ++y) {
      for (int x = 0; x < 3; ++x) EXPECT_EQ(pixel(image, y + 1, x + 2), pixel(picture, y, x));
    }
    EXPECT_EQ(bounds(image, whole(image), is_inked), (Region{1, 2, 3, 5}));
  }
}

TEST(CanvasDrawTest, NearestKeepsSquares) {
  Canvas canvas(4, 8);
  canvas.draw(grey_row({10, 200}), {0, 0, 8, 4}, Scaling::nearest);
  const Image image = canvas.image();
  EXPECT_EQ(count_pixels(image, {0, 0, 4, 4}, [](Rgb8 rgb) { return rgb == Rgb8{10, 10, 10}; }), 16);
  EXPECT_EQ(count_pixels(image, {0, 4, 4, 8}, [](Rgb8 rgb) { return rgb == Rgb8{200, 200, 200}; }), 16);
}

TEST(CanvasDrawTest, SmoothAveragesWhenShrinking) {
  Image stripes(64, 40'000, 1);  // wider than Cairo could hold
  for (std::size_t i = 0; i < stripes.pixels.size(); ++i) stripes.pixels[i] = i % 8 == 0 ? 200 : 0;
  Canvas canvas(10, 20);
  canvas.draw(stripes, {0, 0, 20, 10}, Scaling::smooth);
  const Image image = canvas.image();
  EXPECT_EQ(count_pixels(image, whole(image), [](Rgb8 rgb) { return rgb == Rgb8{25, 25, 25}; }), 200);
}

TEST(CanvasDrawTest, SmoothInterpolatesWhenEnlarging) {
  Canvas canvas(1, 8);
  canvas.draw(grey_row({0, 80}), {0, 0, 8, 1}, Scaling::smooth);
  const Image image = canvas.image();
  const int expected[] = {0, 0, 10, 30, 50, 70, 80, 80};  // pixel centres at 1/8, 3/8, ... between those at 1/2 and 3/2
  for (int x = 0; x < 8; ++x) EXPECT_NEAR(image.at(0, x, 0), expected[x], 1) << x;
}

TEST(CanvasDrawTest, SmoothMayShrinkOneSideAndEnlargeTheOther) {
  Image columns(2, 4, 1);
  columns.pixels = {0, 100, 200, 100, 0, 100, 200, 100};
  Canvas canvas(6, 2);
  canvas.draw(columns, {0, 0, 2, 6}, Scaling::smooth);
  for (int y = 0; y < 6; ++y) {
    EXPECT_EQ(pixel(canvas.image(), y, 0), (Rgb8{50, 50, 50}));
    EXPECT_EQ(pixel(canvas.image(), y, 1), (Rgb8{150, 150, 150}));
  }
}

TEST(CanvasDrawTest, CutsAtTheEdges) {
  Canvas canvas(4, 4);
  canvas.draw(grey_row({1, 2, 3, 4}), {-2, 1, 4, 1}, Scaling::nearest);
  canvas.draw(grey_row({5, 6, 7, 8}), {2, 3, 4, 5}, Scaling::nearest);
  canvas.draw(grey_row({9}), {100, -100, 4, 5}, Scaling::nearest);
  const Image image = canvas.image();
  EXPECT_EQ(pixel(image, 1, 0), (Rgb8{3, 3, 3}));
  EXPECT_EQ(pixel(image, 1, 1), (Rgb8{4, 4, 4}));
  EXPECT_EQ(pixel(image, 3, 2), (Rgb8{5, 5, 5}));
  EXPECT_EQ(pixel(image, 3, 3), (Rgb8{6, 6, 6}));
  EXPECT_EQ(count_pixels(image, whole(image), is_inked), 4);
}

TEST(CanvasDrawTest, RoundsItsPlaceToPixels) {
  Canvas canvas(4, 6);
  canvas.draw(grey_row({7}), {0.6, 1.3, 2.2, 0.1}, Scaling::smooth);
  const Image image = canvas.image();
  EXPECT_EQ(bounds(image, whole(image), is_inked), (Region{1, 1, 2, 3}));
}

TEST(CanvasDrawTest, RefusesWhatItCannotDraw) {
  Canvas canvas(4, 4);
  EXPECT_THROW(canvas.draw(Image(), {0, 0, 4, 4}, Scaling::nearest), InputError);
  EXPECT_THROW(canvas.draw(Image(2, 2, 2), {0, 0, 4, 4}, Scaling::nearest), InputError);
  EXPECT_THROW(canvas.draw(Image(2, 2, 4), {0, 0, 4, 4}, Scaling::smooth), InputError);
  EXPECT_THROW(canvas.draw(Image(2, 2, 1), {0, 0, 40'000, 4}, Scaling::nearest), InputError);
  EXPECT_THROW(canvas.draw(Image(2, 2, 1), {0, 0, -1, 4}, Scaling::nearest), InputError);
  EXPECT_THROW(canvas.draw(Image(2, 2, 1), {std::numeric_limits<double>::quiet_NaN(), 0, 1, 4}, Scaling::nearest),
               InputError);
  EXPECT_EQ(count_pixels(canvas.image(), {0, 0, 4, 4}, is_inked), 0);
}

}  // namespace
}  // namespace fovea
