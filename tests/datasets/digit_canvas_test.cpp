#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/datasets/digit_canvas.h>
#include <fovea/image/resample.h>

namespace fovea {
namespace {

using ::testing::Each;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// Images of height x width x channels, one for each list of values; labels count up.
std::shared_ptr<const ArrayDataset> images_of(int height, int width, int channels,
                                              const std::vector<std::vector<std::uint8_t>>& images) {
  ImageArray array{height, width, channels, {}};
  std::vector<std::uint8_t> labels;
  std::vector<std::string> names;
  for (const auto& image : images) {
    array.pixels.insert(array.pixels.end(), image.begin(), image.end());
    names.push_back("class " + std::to_string(labels.size()));
    labels.push_back(static_cast<std::uint8_t>(labels.size()));
  }
  return std::make_shared<ArrayDataset>(std::move(array), std::move(labels), std::move(names));
}

/// `count` values from `first` on.
std::vector<std::uint8_t> counting(std::size_t count, std::uint8_t first) {
  std::vector<std::uint8_t> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

RandomStream stream_of(std::uint64_t number) {
  return RandomStream(9, Purpose::test, {number});
}

DigitCanvas canvas_of(std::shared_ptr<const ArrayDataset> source, const CanvasLayout& layout) {
  return {std::move(source), layout, stream_of(1 << 20)};
}

/// The pixels of a box with whole edges.
Window window_of(const Box& box) {
  const auto whole = [](double edge) { return static_cast<int>(edge); };
  return {whole(box.top), whole(box.left), whole(box.bottom - box.top), whole(box.right - box.left)};
}

/// The smallest window with all that is not black; nothing when all is.
std::optional<Window> light_in(const Image& image) {
  int top = image.height, left = image.width, bottom = 0, right = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) {
        if (image.at(y, x, c) == 0) continue;
        top = std::min(top, y);
        left = std::min(left, x);
        bottom = std::max(bottom, y + 1);
        right = std::max(right, x + 1);
      }
    }
  }
  if (bottom == 0) return std::nullopt;
  return Window{top, left, bottom - top, right - left};
}

std::vector<int> as_list(const Window& window) {
  return {window.top, window.left, window.height, window.width};
}

/// Of `counts` draws over as many equally likely cases: the sum of (count - expected)^2 / expected.
double chi_square(const std::vector<int>& counts) {
  const double expected = std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

/// Value that chi_square() of fair draws exceeds once in 10 000 times, by Wilson and Hilferty's cube.
double chi_square_limit(std::size_t cases) {
  const double freedom = static_cast<double>(cases) - 1;
  const double root = 1 - 2 / (9 * freedom) + 3.72 * std::sqrt(2 / (9 * freedom));
  return freedom * root * root * root;
}

TEST(DigitCanvasTest, PutsTheWholeImageOnBlackGround) {
  for (const int channels : {1, 3, 4}) {
    SCOPED_TRACE(channels);
    const auto count = static_cast<std::size_t>(6 * channels);
    const auto source = images_of(3, 2, channels, {counting(count, 1), counting(count, 101)});
    const DigitCanvas canvas = canvas_of(source, {.height = 5, .width = 9});
    EXPECT_EQ(canvas.height(), 5);
    EXPECT_EQ(canvas.width(), 9);
    EXPECT_EQ(canvas.channels(), channels);
    EXPECT_EQ(canvas.size(), 2);
    EXPECT_EQ(canvas.class_names(), source->class_names());
    for (std::uint64_t draw = 0; draw < 50; ++draw) {
      const Sample sample = canvas.training_sample(1, stream_of(draw));
      EXPECT_EQ(sample.label, 1);
      ASSERT_EQ(sample.image.pixels.size(), 45U * static_cast<unsigned>(channels));
      const Window place = window_of(sample.box.value());
      EXPECT_EQ(as_list(light_in(sample.image).value()), as_list(place));
      EXPECT_EQ(cropped_image(sample.image, place).pixels, source->sample(1).image.pixels);
    }
  }
}

TEST(DigitCanvasTest, TheBoxIsThatOfTheDigitAlone) {
  // 5 x 6 pixels of 3 channels, black but for the last channel of (1, 3) and the first of (3, 2): 3 x 2 pixels.
  std::vector<std::uint8_t> pixels(90);
  pixels[(1 * 6 + 3) * 3 + 2] = 1;
  pixels[(3 * 6 + 2) * 3 + 0] = 255;
  const auto source = images_of(5, 6, 3, {pixels, std::vector<std::uint8_t>(90, 40)});
  const DigitCanvas alone = canvas_of(source, {.height = 8, .width = 11});
  const DigitCanvas among = canvas_of(source, {.height = 8, .width = 11, .pieces = 6, .piece_height = 4, .piece_width = 3});
  for (std::uint64_t draw = 0; draw < 100; ++draw) {
    const Sample sample = alone.training_sample(0, stream_of(draw));
    const Window box = window_of(sample.box.value());
    EXPECT_EQ(as_list(box), as_list(light_in(sample.image).value()));
    EXPECT_EQ(std::pair(box.height, box.width), std::pair(3, 2));
    const Sample hidden = among.training_sample(0, stream_of(draw));
    EXPECT_EQ(as_list(window_of(hidden.box.value())), as_list(box)) << "clutter moves no digit";
    EXPECT_NE(hidden.image.pixels, sample.image.pixels);
  }
}

TEST(DigitCanvasTest, TheBoxOfABlankImageIsAllOfIt) {
  const DigitCanvas canvas = canvas_of(images_of(3, 2, 1, {std::vector<std::uint8_t>(6)}), {.height = 4, .width = 4});
  const Window box = window_of(canvas.sample(0).box.value());
  EXPECT_EQ(std::pair(box.height, box.width), std::pair(3, 2));
}

TEST(DigitCanvasTest, AddsAndStopsAt255) {
  // Pieces as large as the image on a canvas as large: all of them cover each other.
  for (const auto& [value, pieces, expected] : std::vector<std::array<int, 3>>{
           {60, 0, 60}, {60, 3, 240}, {51, 4, 255}, {52, 4, 255}, {255, 7, 255}, {1, 300, 255}}) {
    const auto source = images_of(2, 3, 1, {std::vector<std::uint8_t>(6, static_cast<std::uint8_t>(value))});
    const DigitCanvas canvas =
        canvas_of(source, {.height = 2, .width = 3, .pieces = pieces, .piece_height = 2, .piece_width = 3});
    EXPECT_THAT(canvas.sample(0).image.pixels, Each(expected)) << pieces << " pieces of " << value;
  }
}

TEST(DigitCanvasTest, EveryPlaceIsEquallyLikely) {
  const DigitCanvas canvas = canvas_of(images_of(2, 3, 1, {counting(6, 1)}), {.height = 5, .width = 9});
  std::vector<int> counts(4 * 7);
  for (std::uint64_t draw = 0; draw < 14000; ++draw) {
    const Window place = window_of(canvas.training_sample(0, stream_of(draw)).box.value());
    ++counts.at(static_cast<std::size_t>(place.top * 7 + place.left));
  }
  EXPECT_LT(chi_square(counts), chi_square_limit(counts.size()));
}

TEST(DigitCanvasTest, PiecesAreAnyWindowOfAnyImageAnywhere) {
  // Image 0 is black; of the others each value occurs once, so that a piece of 2 x 1 tells where it was cut out.
  constexpr int kHeight = 3, kWidth = 2;
  const auto source = images_of(kHeight, kWidth, 1, {std::vector<std::uint8_t>(6), counting(6, 11), counting(6, 101)});
  const DigitCanvas canvas = canvas_of(source, {.height = 4, .width = 5, .pieces = 1, .piece_height = 2, .piece_width = 1});
  std::vector<int> images(3);
  std::vector<int> windows(2 * 2);
  std::vector<int> places(3 * 5);
  for (std::uint64_t draw = 0; draw < 12000; ++draw) {
    const Sample sample = canvas.training_sample(0, stream_of(draw));
    const std::optional<Window> piece = light_in(sample.image);
    if (!piece) {
      ++images[0];
      continue;
    }
    ASSERT_EQ(std::pair(piece->height, piece->width), std::pair(2, 1));
    const int value = sample.image.at(piece->top, piece->left, 0);
    EXPECT_EQ(sample.image.at(piece->top + 1, piece->left, 0), value + kWidth);
    ++images[value > 100 ? 2 : 1];
    ++windows.at(static_cast<std::size_t>((value - 1) % 10));
    ++places.at(static_cast<std::size_t>(piece->top * 5 + piece->left));
  }
  for (const auto& counts : {images, windows, places}) EXPECT_LT(chi_square(counts), chi_square_limit(counts.size()));
}

TEST(DigitCanvasTest, EveryPieceIsDrawnAnew) {
  const auto source = images_of(1, 1, 1, {{0}, {1}});
  const DigitCanvas canvas = canvas_of(source, {.height = 6, .width = 7, .pieces = 10, .piece_height = 1, .piece_width = 1});
  std::set<int> sums;
  std::set<int> largest;
  for (std::uint64_t draw = 0; draw < 300; ++draw) {
    const std::vector<std::uint8_t> pixels = canvas.training_sample(0, stream_of(draw)).image.pixels;
    sums.insert(std::accumulate(pixels.begin(), pixels.end(), 0));
    largest.insert(*std::max_element(pixels.begin(), pixels.end()));
  }
  EXPECT_GE(sums.size(), 8U) << "how many of ten pieces are not black";
  EXPECT_GE(largest.size(), 2U) << "pieces cover each other now and then";
}

TEST(DigitCanvasTest, ASampleStaysAndATrainingSampleFollowsItsStream) {
  const auto source = images_of(2, 2, 1, {counting(4, 1), counting(4, 5)});
  const CanvasLayout layout{.height = 20, .width = 30, .pieces = 3, .piece_height = 1, .piece_width = 2};
  const DigitCanvas canvas(source, layout, stream_of(1));
  const DigitCanvas same(source, layout, stream_of(1));
  const DigitCanvas other(source, layout, stream_of(2));
  EXPECT_EQ(canvas.sample(0).image.pixels, same.sample(0).image.pixels);
  EXPECT_NE(canvas.sample(0).image.pixels, other.sample(0).image.pixels);
  EXPECT_NE(window_of(canvas.sample(0).box.value()).left, window_of(canvas.sample(1).box.value()).left)
      << "places of two images are drawn apart";

  std::set<std::vector<std::uint8_t>> versions;
  for (std::uint64_t draw = 0; draw < 20; ++draw) {
    const auto pixels = canvas.training_sample(0, stream_of(draw)).image.pixels;
    EXPECT_EQ(pixels, other.training_sample(0, stream_of(draw)).image.pixels);
    versions.insert(pixels);
  }
  EXPECT_EQ(versions.size(), 20U);
}

TEST(DigitCanvasTest, RefusesWhatDoesNotFit) {
  const auto source = images_of(3, 2, 1, {counting(6, 1)});
  const auto make = [&](const CanvasLayout& layout) { return [&source, layout] { canvas_of(source, layout); }; };
  EXPECT_THAT(
      make({.height = 2, .width = 9}),
      ThrowsMessage<InputError>(StrEq("data.canvas: expected at least 3 x 2 pixels (height x width), the size of the "
                                      "source's images, got 2 x 9; set a larger data.canvas")));
  EXPECT_THROW(make({.height = 9, .width = 1})(), InputError);
  EXPECT_NO_THROW(make({.height = 3, .width = 2})());
  EXPECT_THAT(
      make({.height = 9, .width = 9, .pieces = 1, .piece_height = 2, .piece_width = 3}),
      ThrowsMessage<InputError>(StrEq("data.clutter_size: expected at most 3 x 2 pixels (height x width), the size of "
                                      "the source's images, got 2 x 3; set a smaller data.clutter_size")));
  EXPECT_NO_THROW(make({.height = 9, .width = 9, .pieces = 0, .piece_height = 99, .piece_width = 99})());
}

TEST(DigitCanvasTest, RefusesAnIndexOutOfRange) {
  const DigitCanvas canvas = canvas_of(images_of(1, 1, 1, {{1}}), {.height = 2, .width = 2});
  EXPECT_THROW(canvas.sample(1), InputError);
  EXPECT_THROW(canvas.training_sample(-1, stream_of(0)), InputError);
}

}  // namespace
}  // namespace fovea
