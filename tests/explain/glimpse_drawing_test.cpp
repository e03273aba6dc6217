// Glimpses on a photo with a marker, through the whole of decoding and preprocessing.

#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/data/preprocess.h>
#include <fovea/explain/glimpse_drawing.h>
#include <fovea/explain/glimpses.h>
#include <fovea/explain/overlay.h>
#include <fovea/image/decode.h>

#include "image_bytes.h"
#include "pixels.h"
#include "scripted_glimpses.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr Color kPhotoBlue = to_color({40, 60, 180});

Image blue_photo(int height, int width) {
  return Canvas(height, width, kPhotoBlue).image();
}

PhotoGlimpse glimpse_of(const Box& window) {
  return {{(window.left + window.right) / 2, (window.top + window.bottom) / 2}, {window}, {Image(2, 2, 1)}, {0.5, 0.5}};
}

TEST(GlimpseDrawingTest, OutlinesTheInsideOfAWindow) {
  const Image drawn = draw_glimpses(blue_photo(60, 90), {glimpse_of({20, 10, 50, 40})}, {});
  ASSERT_EQ(std::pair(drawn.height, drawn.width), std::pair(60, 90));
  const Rgb8 color = step_color(ColorMap::inferno, 0, 1);
  for (const int x : {22, 35, 47}) {
    EXPECT_EQ(pixel(drawn, 10, x), color) << x;
    EXPECT_EQ(pixel(drawn, 39, x), color) << x;
  }
  for (const int y : {12, 20, 37}) {
    EXPECT_EQ(pixel(drawn, y, 20), color) << y;
    EXPECT_EQ(pixel(drawn, y, 49), color) << y;
  }
  // The photo inside, as the network saw it; pale outside.
  const Rgb8 pale = unseen_color(rgb8(kPhotoBlue));
  EXPECT_EQ(pixel(drawn, 11, 21), rgb8(kPhotoBlue));
  EXPECT_EQ(pixel(drawn, 38, 48), rgb8(kPhotoBlue));
  for (const auto& [y, x] : {std::pair(9, 30), {40, 30}, {30, 19}, {30, 50}, {0, 0}, {59, 89}}) {
    EXPECT_EQ(pixel(drawn, y, x), pale) << y << ", " << x;
  }
}

TEST(GlimpseDrawingTest, DrawsEveryScale) {
  PhotoGlimpse glimpse = glimpse_of({40, 25, 50, 35});
  glimpse.windows.push_back({30, 15, 60, 45});
  glimpse.windows.push_back({-10, -20, 100, 80});  // beyond the photo on all sides
  const Image drawn = draw_glimpses(blue_photo(60, 90), {glimpse}, {});
  EXPECT_EQ(pixel(drawn, 27, 40), step_color(ColorMap::inferno, 0, 1));
  EXPECT_NE(pixel(drawn, 27, 30), rgb8(kPhotoBlue));  // translucent
  EXPECT_NE(pixel(drawn, 44, 45), rgb8(kPhotoBlue));
  EXPECT_EQ(pixel(drawn, 44, 20), rgb8(kPhotoBlue));
  EXPECT_EQ(count_pixels(drawn, whole(drawn), is_color(to_color(unseen_color(rgb8(kPhotoBlue))))), 0);  // all was seen
}

TEST(GlimpseDrawingTest, StaysWithinThePixelsThatAWindowTouches) {
  const Image drawn = draw_glimpses(blue_photo(200, 200), {glimpse_of({49.4, 60.6, 149.4, 160.4})}, {});
  const auto is_seen = [](Rgb8 rgb) { return rgb != unseen_color(rgb8(kPhotoBlue)); };
  EXPECT_EQ(bounds(drawn, whole(drawn), is_seen), (Region{60, 49, 161, 150}));
}

TEST(GlimpseDrawingTest, JoinsFixationsInTheirOrder) {
  const std::vector<PhotoGlimpse> glimpses = {glimpse_of({20, 20, 60, 60}), glimpse_of({300, 20, 340, 60}),
                                              glimpse_of({300, 180, 340, 220})};
  const Image drawn = draw_glimpses(blue_photo(240, 360), glimpses, {});
  const auto is_path = [](Rgb8 rgb) { return rgb.red > 180; };  // white, between rows of pixels; the pale photo is not
  EXPECT_GE(count_pixels(drawn, {35, 120, 45, 240}, is_path), 120);
  EXPECT_GE(count_pixels(drawn, {100, 315, 160, 325}, is_path), 60);
  EXPECT_EQ(count_pixels(drawn, {90, 120, 200, 280}, is_path), 0);  // the third does not follow the first
}

TEST(GlimpseDrawingTest, EachStepHasAColourThatIsSeenOnBlackAndOnWhite) {
  for (const auto& [name, map] : kColorMapNames) {
    std::set<std::vector<int>> colors;
    for (std::size_t step = 0; step < 6; ++step) {
      const Rgb8 color = step_color(map, step, 6);
      colors.insert({color.red, color.green, color.blue});
      EXPECT_GT(std::max({color.red, color.green, color.blue}), 90) << name;
      EXPECT_LT(std::min({color.red, color.green, color.blue}), 190) << name;
    }
    EXPECT_EQ(colors.size(), 6U) << name;
  }
}

TEST(GlimpseDrawingTest, AMomentShowsThePathSoFarAndItsOwnWindow) {
  const std::vector<PhotoGlimpse> glimpses = {glimpse_of({10, 10, 50, 50}), glimpse_of({100, 10, 140, 50}),
                                              glimpse_of({100, 100, 140, 140})};
  const auto of_step = [](std::size_t step) { return is_color(to_color(step_color(ColorMap::viridis, step, 3))); };
  const auto is_pale = is_color(to_color(unseen_color(rgb8(kPhotoBlue))));
  const Image first = draw_glimpses(blue_photo(150, 150), glimpses, {ColorMap::viridis, 0});
  const Image second = draw_glimpses(blue_photo(150, 150), glimpses, {ColorMap::viridis, 1});
  const Image all = draw_glimpses(blue_photo(150, 150), glimpses, {ColorMap::viridis});

  EXPECT_GT(count_pixels(first, whole(first), of_step(0)), 100);
  EXPECT_EQ(count_pixels(first, whole(first), of_step(1)), 0);
  EXPECT_GT(count_pixels(second, whole(second), of_step(1)), 100);
  EXPECT_EQ(count_pixels(second, {10, 10, 20, 50}, of_step(0)), 0);  // of the first only its place remains
  EXPECT_GT(count_pixels(second, {24, 24, 36, 36}, of_step(0)), 10);
  EXPECT_EQ(count_pixels(second, whole(second), of_step(2)), 0);
  for (const std::size_t step : {0U, 1U, 2U}) EXPECT_GT(count_pixels(all, whole(all), of_step(step)), 100);
  // A glimpse stays visible from its step on.
  EXPECT_TRUE(is_pale(pixel(first, 45, 105)));
  EXPECT_FALSE(is_pale(pixel(second, 45, 105)));
  EXPECT_EQ(pixel(second, 45, 15), rgb8(kPhotoBlue));
}

TEST(GlimpseDrawingTest, NumbersLieOnTheirFixationsAndDoNotHideEachOther) {
  // A disc has a radius of 360 / 36 = 10 pixels.
  const std::vector<PhotoGlimpse> apart = {glimpse_of({40, 40, 60, 60}), glimpse_of({240, 140, 260, 160})};
  const std::vector<PhotoGlimpse> same(3, glimpse_of({140, 140, 160, 160}));
  const auto disc_area = [](const Image& drawn, std::size_t step, std::size_t steps, const Region& region) {
    return count_pixels(drawn, region, is_color(to_color(step_color(ColorMap::cividis, step, steps))));
  };
  const Image far = draw_glimpses(blue_photo(300, 360), apart, {ColorMap::cividis});
  EXPECT_GT(disc_area(far, 0, 2, {40, 40, 60, 60}), 100);
  EXPECT_GT(disc_area(far, 1, 2, {140, 240, 160, 260}), 100);
  const Image together = draw_glimpses(blue_photo(300, 360), same, {ColorMap::cividis});
  for (const std::size_t step : {0U, 1U, 2U}) EXPECT_GT(disc_area(together, step, 3, whole(together)), 100) << step;
}

TEST(GlimpseDrawingTest, DiffersByNumber) {
  const auto disc = [](std::size_t step) {
    Canvas canvas(40, 40);
    draw_step_number(canvas, {20, 20}, 15, step, kBlue);
    return canvas.image().pixels;
  };
  std::set<std::vector<std::uint8_t>> pictures;
  for (std::size_t step = 0; step < 12; ++step) pictures.insert(disc(step));
  EXPECT_EQ(pictures.size(), 12U);
}

TEST(GlimpseDrawingTest, NumbersFitTheirDiscs) {
  for (const std::size_t number : {1U, 8U, 10U, 88U, 99U, 100U, 888U, 999U, 1000U, 1024U}) {
    Canvas canvas(200, 200, {1, 0, 0});
    draw_step_number(canvas, {100, 100}, 80, number - 1, {0, 0, 1});  // white on blue, on red
    const Image drawn = canvas.image();
    const Region digits = bounds(drawn, whole(drawn), [](Rgb8 rgb) { return rgb.green > 127; });
    EXPECT_GT(digits.height(), 20) << number;
    EXPECT_LT(std::hypot(digits.width(), digits.height()), 2 * 80) << number;
    EXPECT_NEAR(digits.left + digits.right, 200, 20) << number;
  }
}

TEST(GlimpseDrawingTest, DrawsOnPhotosOfAnySize) {
  for (const auto& [height, width] : {std::pair(1, 1), {1, 300}, {300, 1}, {28, 28}, {1200, 1600}}) {
    const PhotoGlimpse glimpse = glimpse_of({-5, -5, 7, 7});
    const Image drawn = draw_glimpses(blue_photo(height, width), {glimpse, glimpse, glimpse}, {});
    EXPECT_EQ(std::pair(drawn.height, drawn.width), std::pair(height, width));
    EXPECT_EQ(drawn.channels, 3);
  }
  EXPECT_THAT(
      [] {
        draw_glimpses(Image(5, 5, 1), {glimpse_of({0, 0, 1, 1})}, {});
      },
      ThrowsMessage<InputError>(HasSubstr("expected an RGB photo, got 1 channels")));
}

constexpr int kBlock = 40;

/// Black, with a white block of kBlock x kBlock pixels.
Image block_photo(int height, int width, int top, int left) {
  Image photo(height, width, 3);
  for (int y = top; y < top + kBlock; ++y) {
    for (int x = left; x < left + kBlock; ++x) {
      for (int c = 0; c < 3; ++c) photo.at(y, x, c) = 255;
    }
  }
  return photo;
}

bool is_bright(Rgb8 rgb) {
  return rgb.red > 127;
}

/// A network whose one window is the marker of its input sees the marker, and its window is drawn around it on the photo.
/// @return whether the marker was seen whole.
bool expect_window_around_marker(const Image& photo, const Preprocess& preprocess) {
  const Image input = preprocess(to_channels(photo, 1));
  const Region seen = bounds(to_channels(input, 3), whole(input), is_bright);
  const Region marker = bounds(photo, whole(photo), is_bright);
  const Geometry geometry = preprocess.geometry(photo.height, photo.width);
  if (std::abs(seen.height() * geometry.scale_y - kBlock) > geometry.scale_y) return false;  // a part was cut off
  if (std::abs(seen.width() * geometry.scale_x - kBlock) > geometry.scale_x) return false;

  const std::int64_t side = std::min(seen.height(), seen.width());
  const auto unit = [](int low, int high, int length) {
    return static_cast<float>(low + high) / static_cast<float>(length) - 1;
  };
  ScriptedGlimpses network(
      torch::tensor({{unit(seen.left, seen.right, input.width), unit(seen.top, seen.bottom, input.height)}}),
      torch::zeros({1, 2}), {side, 1});
  const Batch batch = collate_images({input}, {}, preprocess.normalization());
  const auto everything = [](const std::string&) { return true; };
  const Explanation explanation = explain_by_glimpses(network, batch, everything, {});
  const std::vector<PhotoGlimpse> glimpses = glimpses_on_photo(*explanation.glimpses, geometry, input.height, input.width);
  const Box& window = glimpses.at(0).windows.at(0);
  // The edges of the marker are known to half a pixel of the input, and the window lies on its grid.
  const double x_tolerance = 1.01 * geometry.scale_x + std::abs(seen.width() - side) * geometry.scale_x;
  const double y_tolerance = 1.01 * geometry.scale_y + std::abs(seen.height() - side) * geometry.scale_y;
  EXPECT_NEAR(window.left, marker.left, x_tolerance);
  EXPECT_NEAR(window.right, marker.right, x_tolerance);
  EXPECT_NEAR(window.top, marker.top, y_tolerance);
  EXPECT_NEAR(window.bottom, marker.bottom, y_tolerance);
  const Image& patch = glimpses[0].patches.at(0);
  EXPECT_GT(count_pixels(to_channels(patch, 3), whole(patch), is_bright), side * side / 2);

  const Image drawn = draw_glimpses(photo, glimpses, {});
  const Region shown = bounds(drawn, whole(drawn), [](Rgb8 rgb) {
    return rgb != unseen_color({0, 0, 0}) && rgb != Rgb8{255, 255, 255};  // of the marker, whose edges may lie outside
  });
  EXPECT_NEAR(shown.left, window.left, 1);  // the pixels that it touches
  EXPECT_NEAR(shown.top, window.top, 1);
  EXPECT_NEAR(shown.right, window.right, 1);
  EXPECT_NEAR(shown.bottom, window.bottom, 1);
  return true;
}

TEST(GlimpseGeometryTest, AWindowIsDrawnAroundWhatItShows) {
  int seen = 0;
  for (const std::string resize : {"0", "80", "[66, 94]", "220"}) {
    for (const std::string crop : {"0", "64", "[55, 62]"}) {
      PreprocessOptions options;
      read_fields(options, parse_yaml("{resize: " + resize + ", crop: " + crop + "}", "test.yaml"), "preprocess");
      const Preprocess preprocess(options);
      for (const auto& [height, width] : {std::pair{144, 208}, {208, 144}, {118, 194}}) {
        for (int orientation = 1; orientation <= 8; ++orientation) {
          SCOPED_TRACE(resize + ", " + crop + ", " + std::to_string(height) + " x " + std::to_string(width) +
                       ", orientation " + std::to_string(orientation));
          const TemporaryDirectory folder;
          const std::string bytes = encoded::png(block_photo(height, width, height / 2 - 26, width / 2 - 11), orientation);
          const Image photo = decode_image_file(folder.write("photo", bytes));
          seen += expect_window_around_marker(photo, preprocess) ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(seen, 150);
}

}  // namespace
}  // namespace fovea
