#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/draw/color_scale.h>

#include "pixels.h"

namespace fovea {
namespace {

Image drawn_scale(int height, int width, const Rectangle& box, const ColorScale& scale) {
  Canvas canvas(height, width);
  draw_color_scale(canvas, box, scale);
  return canvas.image();
}

TEST(ColorScaleTest, RunsFromLowOnTheLeftToHighOnTheRight) {
  const Image image = drawn_scale(40, 300, {10, 5, 256, kColorScaleRoom}, {ColorMap::viridis, 0, 1});
  const int inside = 9;  // a row of the bar, between its borders
  for (int x = 1; x < 255; ++x) {
    ASSERT_EQ(pixel(image, inside, 10 + x), color_table(ColorMap::viridis)[static_cast<std::size_t>(x)]) << x;
  }
}

TEST(ColorScaleTest, RunsUpwardsInAHighBox) {
  const Image image = drawn_scale(300, 80, {10, 20, 50, 256}, {ColorMap::inferno, 0, 1});
  for (int i = 1; i < 255; ++i) {
    ASSERT_EQ(pixel(image, 20 + 255 - i, 15), color_table(ColorMap::inferno)[static_cast<std::size_t>(i)]) << i;
  }
}

TEST(ColorScaleTest, HasNumbersAtItsEndsAndItsMiddle) {
  const Image image = drawn_scale(40, 300, {10, 5, 256, kColorScaleRoom}, {ColorMap::viridis, 0, 1});
  const auto inked = [&](int left, int right) { return count_pixels(image, {16, left, 40, right}, is_inked); };
  EXPECT_GT(inked(5, 40), 10);
  EXPECT_EQ(inked(40, 110), 0);
  EXPECT_GT(inked(110, 166), 10);
  EXPECT_EQ(inked(166, 240), 0);
  EXPECT_GT(inked(240, 270), 5);
  const Image same = drawn_scale(40, 300, {10, 5, 256, kColorScaleRoom}, {ColorMap::viridis, 0, 1});
  const Image other = drawn_scale(40, 300, {10, 5, 256, kColorScaleRoom}, {ColorMap::viridis, 0, 7});
  EXPECT_EQ(same.pixels, image.pixels);
  EXPECT_NE(other.pixels, image.pixels);
}

TEST(ColorScaleTest, LeavesTheMiddleOutWithoutRoom) {
  const Image image = drawn_scale(40, 120, {10, 5, 80, kColorScaleRoom}, {ColorMap::viridis, 0.0123, 0.4567});
  EXPECT_EQ(count_pixels(image, {16, 48, 40, 53}, is_inked), 0);
  EXPECT_GT(count_pixels(image, {16, 10, 40, 40}, is_inked), 10);
}

TEST(ColorScaleTest, StaysInItsBox) {
  for (const auto& [box, scale] :
       {std::pair(Rectangle{30, 30, 200, kColorScaleRoom}, ColorScale{ColorMap::magma, -1.5, 12345}),
        std::pair(Rectangle{30, 30, 56, 100}, ColorScale{ColorMap::magma, 0, 0.25})}) {
    const Image image = drawn_scale(160, 260, box, scale);
    const Region ink = bounds(image, whole(image), is_inked);
    EXPECT_GE(ink.top, box.y);
    EXPECT_GE(ink.left, box.x);
    EXPECT_LE(ink.bottom, box.y + box.height);
    EXPECT_LE(ink.right, box.x + box.width + 1);
  }
}

TEST(ColorScaleTest, AConstantIsARange) {
  EXPECT_NO_THROW(drawn_scale(40, 300, {10, 5, 256, kColorScaleRoom}, {ColorMap::viridis, 0.3, 0.3}));
}

TEST(ColorScaleTest, RefusesWhatIsNoRange) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [low, high] : {std::pair(1.0, 0.0), std::pair(std::nan(""), 1.0), std::pair(0.0, infinity)}) {
    EXPECT_THROW(drawn_scale(40, 300, {10, 5, 256, kColorScaleRoom}, {ColorMap::viridis, low, high}), InputError);
  }
}

}  // namespace
}  // namespace fovea
