#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/config/fields.h>
#include <fovea/data/preprocess.h>
#include <fovea/image/decode.h>

#include "memory_limit.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// Preprocessing as a config would describe it.
Preprocess preprocess_from(const std::string& yaml) {
  PreprocessOptions options;
  read_fields(options, parse_yaml(yaml, "test.yaml"), "preprocess");
  return Preprocess(options);
}

/// An image made from a function of (y, x, channel).
template <typename Function>
Image drawn(int height, int width, int channels, Function value) {
  Image image(height, width, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) image.at(y, x, c) = static_cast<std::uint8_t>(value(y, x, c));
    }
  }
  return image;
}

std::vector<int> pixels_of(const Image& image) {
  return {image.pixels.begin(), image.pixels.end()};
}

int largest_difference(const Image& left, const Image& right) {
  EXPECT_EQ(std::pair(left.height, left.width), std::pair(right.height, right.width));
  EXPECT_EQ(left.channels, right.channels);
  if (left.pixels.size() != right.pixels.size()) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < left.pixels.size(); ++i)
    largest = std::max(largest, std::abs(left.pixels[i] - right.pixels[i]));
  return largest;
}

struct SizeCase {
  const char* yaml;
  int height, width;                    // of the image
  int expected_height, expected_width;  // of the result
};

const std::vector<SizeCase>& size_cases() {
  static const std::vector<SizeCase> cases = {
      {"{}", 30, 50, 30, 50},
      {"resize: 0", 30, 50, 30, 50},
      {"resize: 20", 30, 50, 20, 33},  // 20 * 50 / 30 = 33.3: rounds down
      {"resize: 20", 50, 30, 33, 20},  // the shorter side, whichever it is
      {"resize: 20", 47, 28, 33, 20},  // 33.57 too
      {"resize: 20", 30, 30, 20, 20},
      {"resize: 40", 20, 25, 40, 50},  // enlarges
      {"resize: 30", 30, 50, 30, 50},
      {"resize: [10, 40]", 30, 50, 10, 40},  // height, width
      {"resize: [40, 0]", 30, 50, 40, 50},   // 0 keeps a side
      {"resize: [0, 40]", 30, 50, 30, 40},
      {"crop: 20", 30, 50, 20, 20},
      {"crop: [10, 40]", 30, 50, 10, 40},
      {"crop: [10, 0]", 30, 50, 10, 50},  // 0 takes all
      {"crop: [0, 40]", 30, 50, 30, 40},
      {"crop: [30, 50]", 30, 50, 30, 50},
      {"{resize: 20, crop: 16}", 30, 50, 16, 16},
      {"{resize: 20, crop: [16, 30]}", 30, 50, 16, 30},
      {"{resize: [40, 60], crop: [40, 30]}", 30, 50, 40, 30},
      {"{resize: 20, interpolation: bicubic}", 30, 50, 20, 33},
      {"{resize: 20, interpolation: bicubic, antialias: false}", 30, 50, 20, 33},
      {"{resize: 20, antialias: false, crop: 10}", 50, 30, 10, 10},
      {"{resize: 20, interpolation: area}", 30, 50, 20, 33},
      {"{resize: 20, interpolation: area, antialias: false, crop: [7, 0]}", 50, 30, 7, 20},
      {"resize: 8", 1, 1, 8, 8},  // the smallest image
      {"{}", 1, 1, 1, 1},
  };
  return cases;
}

TEST(PreprocessTest, ResultHasTheAnnouncedSize) {
  for (const SizeCase& size : size_cases()) {
    SCOPED_TRACE(size.yaml);
    const Preprocess preprocess = preprocess_from(size.yaml);
    EXPECT_EQ(preprocess.output_size(size.height, size.width), std::pair(size.expected_height, size.expected_width));
    for (const int channels : {1, 3}) {
      const Image result = preprocess(Image(size.height, size.width, channels));
      EXPECT_EQ(std::pair(result.height, result.width), std::pair(size.expected_height, size.expected_width));
      EXPECT_EQ(result.channels, channels);
      EXPECT_EQ(result.pixels.size(), static_cast<std::size_t>(result.height * result.width * channels));
    }
  }
}

TEST(PreprocessTest, KeepsThePixelsWithoutResizeAndCrop) {
  const Image image = drawn(4, 6, 3, [](int y, int x, int c) { return 10 * y + x + 100 * c; });
  for (const char* yaml : {"{}", "resize: 4", "resize: [4, 6]", "crop: [4, 6]"}) {
    EXPECT_EQ(preprocess_from(yaml)(image).pixels, image.pixels) << yaml;
  }
}

TEST(PreprocessTest, KeepsAPlainColour) {
  // Every filter's weights add up to one, at the borders too.
  const Image image = drawn(13, 29, 3, [](int, int, int c) { return 100 * c + 50; });
  for (const char* yaml :
       {"resize: [7, 40]", "{resize: [7, 40], antialias: false}", "{resize: [7, 40], interpolation: bicubic}",
        "{resize: [7, 40], interpolation: bicubic, antialias: false}", "{resize: [7, 40], interpolation: area}",
        "{resize: [7, 40], interpolation: area, antialias: false}"}) {
    const Image expected = drawn(7, 40, 3, [](int, int, int c) { return 100 * c + 50; });
    EXPECT_EQ(preprocess_from(yaml)(image).pixels, expected.pixels) << yaml;
  }
}

TEST(PreprocessTest, EnlargesAsComputedByHand) {
  // Pixel centres of the result lie at -1/4, 1/4, 3/4, 5/4 of the source: weights 0, 1/4, 3/4, 1 of the second pixel.
  const Image image = drawn(2, 2, 1, [](int y, int x, int) { return 160 * y + 80 * x; });
  for (const char* yaml : {"resize: [4, 4]", "{resize: [4, 4], antialias: false}"}) {
    EXPECT_THAT(pixels_of(preprocess_from(yaml)(image)),
                ElementsAre(0, 20, 60, 80, 40, 60, 100, 120, 120, 140, 180, 200, 160, 180, 220, 240))
        << yaml;
  }
}

TEST(PreprocessTest, ShrinksAsComputedByHand) {
  // Antialiased, the triangle is two source pixels wide on each side: weights 3/7, 3/7, 1/7 around the centres 1 and 3.
  // Without, each result is the mean of the two pixels at its centre.
  constexpr int kRow[] = {70, 28, 14, 140};
  const Image across = drawn(4, 4, 1, [&](int, int x, int) { return kRow[x]; });
  const Image down = drawn(4, 4, 1, [&](int y, int, int) { return kRow[y]; });
  const Preprocess smooth = preprocess_from("resize: 2");
  EXPECT_THAT(pixels_of(smooth(across)), ElementsAre(44, 70, 44, 70));
  EXPECT_THAT(pixels_of(smooth(down)), ElementsAre(44, 44, 70, 70));
  const Preprocess sharp = preprocess_from("{resize: 2, antialias: false}");
  EXPECT_THAT(pixels_of(sharp(across)), ElementsAre(49, 77, 49, 77));
  EXPECT_THAT(pixels_of(sharp(down)), ElementsAre(49, 49, 77, 77));
}

TEST(PreprocessTest, TheFilterIsTheOneOfTheOption) {
  const Image image = drawn(9, 12, 3, [](int y, int x, int c) { return (37 * x + 91 * y + 53 * c + 29 * x * y) % 256; });
  const Window whole{0, 0, 9, 12};
  for (const auto& [name, interpolation] : {std::pair{"bilinear", Interpolation::bilinear},
                                            {"bicubic", Interpolation::bicubic},
                                            {"area", Interpolation::area}}) {
    for (const bool antialias : {true, false}) {
      const std::string yaml =
          std::string("{resize: [5, 7], interpolation: ") + name + ", antialias: " + (antialias ? "true" : "false") + "}";
      EXPECT_EQ(preprocess_from(yaml)(image).pixels, resampled(image, whole, 5, 7, interpolation, antialias).pixels) << yaml;
    }
  }
}

TEST(PreprocessTest, AWindowTakesThePlaceOfTheWhole) {
  const Image image = drawn(30, 50, 3, [](int y, int x, int c) { return (37 * x + 91 * y + 53 * c + 29 * x * y) % 256; });
  const Window window{3, 7, 11, 23};
  struct Case {
    const char* yaml;
    int height, width;
    Interpolation interpolation;
    bool antialias;
  };
  for (const Case& expected :
       {Case{"{}", 30, 50, Interpolation::bilinear, true},
        {"{resize: 20, crop: [16, 18]}", 16, 18, Interpolation::bilinear, true},
        {"{resize: [40, 60], interpolation: bicubic}", 40, 60, Interpolation::bicubic, true},
        {"{crop: [11, 23], interpolation: area, antialias: false}", 11, 23, Interpolation::area, false}}) {
    SCOPED_TRACE(expected.yaml);
    const Image result = preprocess_from(expected.yaml)(image, window);
    EXPECT_EQ(std::pair(result.height, result.width), std::pair(expected.height, expected.width));
    EXPECT_EQ(result.pixels,
              resampled(image, window, expected.height, expected.width, expected.interpolation, expected.antialias).pixels);
  }
  EXPECT_THAT(
      [&] {
        preprocess_from("{}")(image, {20, 0, 11, 50});
      },
      ThrowsMessage<InputError>(HasSubstr("expected a window inside an image of 30 x 50 pixels")));
}

TEST(PreprocessTest, KnowsWhichSizeEveryImageGets) {
  struct Case {
    const char* yaml;
    std::optional<std::pair<int, int>> size;
  };
  for (const Case& expected : std::initializer_list<Case>{{"{}", std::nullopt},
                                                          {"resize: 256", std::nullopt},
                                                          {"resize: [96, 0]", std::nullopt},
                                                          {"resize: [0, 64]", std::nullopt},
                                                          {"{resize: 256, crop: [224, 0]}", std::nullopt},
                                                          {"{resize: [96, 0], crop: [48, 0]}", std::nullopt},
                                                          {"resize: [96, 64]", std::pair(96, 64)},
                                                          {"crop: 32", std::pair(32, 32)},
                                                          {"{resize: 256, crop: [224, 192]}", std::pair(224, 192)},
                                                          {"{resize: [96, 64], crop: [0, 60]}", std::pair(96, 60)},
                                                          {"{resize: [96, 0], crop: [0, 64]}", std::pair(96, 64)}}) {
    SCOPED_TRACE(expected.yaml);
    const Preprocess preprocess = preprocess_from(expected.yaml);
    EXPECT_EQ(preprocess.fixed_output_size(), expected.size);
    if (!expected.size) continue;
    for (const auto& [height, width] : {std::pair{300, 400}, {401, 299}}) {
      EXPECT_EQ(preprocess.output_size(height, width), *expected.size);
    }
  }
}

TEST(PreprocessTest, RefusesAResultThatWouldNotFitIntoMemory) {
  const Preprocess preprocess = preprocess_from("resize: 256");
  EXPECT_THAT([&] { preprocess(Image(1, 20000, 1)); },
              ThrowsMessage<InputError>(StrEq("preprocess.resize: expected at most 2^27 pixels after the resize, got 256 x "
                                              "5120000 (height x width); set a smaller preprocess.resize")));
  EXPECT_EQ(preprocess.output_size(20000, 20000), std::pair(256, 256));
}

TEST(PreprocessTest, AHugePhotoMayBeCropped) {
  // 20000 x 20000 pixels can be decoded; what is asked of them is small.
  EXPECT_EQ(preprocess_from("crop: 224").output_size(20000, 20000), std::pair(224, 224));
  for (const char* yaml : {"{}", "resize: [16384, 16384]", "{resize: [16384, 16384], crop: 224}"}) {
    EXPECT_THROW(preprocess_from(yaml).output_size(20000, 20000), InputError) << yaml;
  }
}

TEST(PreprocessTest, ClampsWhatBicubicOvershoots) {
  const Image edge = drawn(8, 8, 1, [](int, int x, int) { return x < 4 ? 0 : 255; });
  for (const char* yaml :
       {"{resize: 16, interpolation: bicubic}", "{resize: 16, interpolation: bicubic, antialias: false}"}) {
    const Image result = preprocess_from(yaml)(edge);
    for (int x = 0; x < 7; ++x) {                                // 7 and 8 lie on the edge itself
      EXPECT_LT(result.at(3, x, 0), 64) << yaml << " at " << x;  // an overshoot that wraps round would be near 255
      EXPECT_GT(result.at(3, 15 - x, 0), 191) << yaml << " at " << 15 - x;
    }
  }
}

TEST(PreprocessTest, ResizesAcrossThenDown) {
  // PIL makes an 8-bit image of the first pass, so what bicubic overshoots at hard edges is cut off before the second.
  RandomStream random(0, Purpose::test);
  const Image image = drawn(31, 26, 1, [&](int, int, int) { return random.chance(0.5) ? 255 : 0; });
  for (const std::string interpolation : {"bilinear", "bicubic", "area"}) {
    const auto resize = [&](const std::string& size) {
      return preprocess_from("{resize: " + size + ", interpolation: " + interpolation + "}");
    };
    const Image in_steps = resize("[17, 0]")(resize("[0, 40]")(image));
    EXPECT_EQ(largest_difference(resize("[17, 40]")(image), in_steps), 0) << interpolation;
  }
}

TEST(PreprocessTest, CropsTheCentreAsTorchvision) {
  // Offsets round half to even: 3/2 is 2, 1/2 is 0, 5/2 is 2.
  const auto first_pixel = [](int outer, int inner) {
    const Image image = drawn(outer, outer + 1, 1, [](int y, int x, int) { return 16 * y + x; });
    const Image crop = preprocess_from("crop: [" + std::to_string(inner) + ", " + std::to_string(inner + 1) + "]")(image);
    EXPECT_EQ(crop.at(inner - 1, inner, 0) - crop.at(0, 0, 0), 16 * (inner - 1) + inner);  // one window, not resampled
    return std::pair(crop.at(0, 0, 0) / 16, crop.at(0, 0, 0) % 16);
  };
  EXPECT_EQ(first_pixel(6, 2), std::pair(2, 2));
  EXPECT_EQ(first_pixel(5, 2), std::pair(2, 2));
  EXPECT_EQ(first_pixel(3, 2), std::pair(0, 0));
  EXPECT_EQ(first_pixel(7, 2), std::pair(2, 2));
}

TEST(PreprocessTest, CropsRowsOfAllChannels) {
  const Image image = drawn(4, 5, 3, [](int y, int x, int c) { return 60 * y + 10 * x + c; });
  const Image crop = preprocess_from("crop: [2, 1]")(image);
  EXPECT_THAT(pixels_of(crop), ElementsAre(80, 81, 82, 140, 141, 142));  // rows 1 and 2, column 2
}

TEST(PreprocessTest, RefusesACropLargerThanTheImage) {
  EXPECT_THAT(
      [] { preprocess_from("crop: 32")(Image(40, 28, 3)); },
      ThrowsMessage<InputError>(StrEq("preprocess.crop: expected an image of at least 32 x 32 pixels (height x width), got "
                                      "40 x 28; set preprocess.resize")));
  EXPECT_THAT([] { preprocess_from("{resize: 20, crop: [24, 10]}")(Image(40, 40, 3)); },
              ThrowsMessage<InputError>(HasSubstr("at least 24 x 10 pixels (height x width), got 20 x 20")));
}

TEST(PreprocessTest, RefusesUnequalNumbersOfMeans) {
  EXPECT_THAT([] { preprocess_from("{mean: [0.1, 0.2, 0.3], std: [1, 1]}"); },
              ThrowsMessage<InputError>(StrEq("preprocess.std: expected 3 values, as in preprocess.mean, got 2")));
}

TEST(PreprocessTest, OptionsOutOfRangeAreRefused) {
  const auto refuses = [](const PreprocessOptions& options, const char* message) {
    EXPECT_THAT([&] { Preprocess preprocess(options); }, ThrowsMessage<InputError>(StrEq(message)));
  };
  refuses({.resize = {}}, "preprocess: resize: expected a list of 1 to 2, each an integer from 0 to 16384, got 0 values");
  refuses({.crop = {1, 2, 3}}, "preprocess: crop: expected a list of 1 to 2, each an integer from 0 to 16384, got 3 values");
  refuses({.interpolation = static_cast<Interpolation>(5)},
          "preprocess: interpolation: expected one of bilinear, bicubic and area, got 5");
  refuses({.standard_deviation = {0}},
          "preprocess: std: expected a list of 1 to 1024, each a number in [1e-06, 1000000], got 0");
}

TEST(PreprocessTest, ImagesWithoutPixelsAreRefused) {
  for (const char* yaml : {"{}", "resize: 8", "{resize: [4, 4], crop: 2}"}) {
    SCOPED_TRACE(yaml);
    const Preprocess preprocess = preprocess_from(yaml);
    for (const Image& image : {Image(), Image(0, 8, 3), Image(8, 0, 3), Image(8, 8, 0)}) {
      EXPECT_THROW(preprocess(image), InputError);
      EXPECT_THROW(preprocess(Image(image)), InputError);
      EXPECT_THROW(preprocess(image, {0, 0, 1, 1}), InputError);
    }
    EXPECT_THROW(preprocess.geometry(8, 0), InputError);
    Image shorter(8, 8, 3);
    shorter.pixels.resize(8);
    EXPECT_THAT([&] { preprocess(std::as_const(shorter)); },
                ThrowsMessage<InputError>(HasSubstr("expected 192 values in an image of 8 x 8 x 3")));
    EXPECT_THROW(preprocess(Image(shorter)), InputError);
  }
}

TEST(ToImageTest, TakesTensorsOfImagesOnly) {
  EXPECT_THAT(
      [] {
        to_image(torch::zeros({3, 4, 5}));
      },
      ThrowsMessage<ShapeError>(StrEq("to_image: expected an 8-bit tensor [C, H, W], got Float [3, 4, 5]")));
  EXPECT_THROW(to_image(torch::zeros({4, 5}, torch::kUInt8)), ShapeError);
  EXPECT_THROW(to_image(torch::Tensor()), ShapeError);
  const Image image = to_image(torch::arange(24, torch::kUInt8).view({2, 3, 4}).transpose(1, 2));
  EXPECT_EQ(image.at(3, 2, 1), 23);
}

TEST(PreprocessTest, HandsItsNormalizationOn) {
  const Preprocess preprocess = preprocess_from("{mean: [0.1, 0.2], std: [0.5, 0.25]}");
  EXPECT_THAT(preprocess.normalization()->mean, ElementsAre(0.1, 0.2));
  EXPECT_THAT(preprocess.normalization()->standard_deviation, ElementsAre(0.5, 0.25));
}

TEST(PreprocessTest, OptionsReadBack) {
  PreprocessOptions options;
  read_fields(
      options,
      parse_yaml("{resize: 256, crop: [224, 200], interpolation: bicubic, antialias: false, mean: [0.485, 0.456, 0.406], "
                 "std: [0.229, 0.224, 0.225]}",
                 "test.yaml"),
      "preprocess");
  const Json written = write_fields(options);
  PreprocessOptions again;
  read_fields(again, parse_yaml(to_yaml(written), "again.yaml"), "preprocess");
  EXPECT_EQ(write_fields(again), written);
  EXPECT_THAT(again.resize, ElementsAre(256));
  EXPECT_THAT(again.crop, ElementsAre(224, 200));
  EXPECT_EQ(again.interpolation, Interpolation::bicubic);
  EXPECT_FALSE(again.antialias);
}

struct GeometryCase {
  const char* yaml;
  int height, width;
};

/// Enlarging by any ratio, shrinking by whole ratios, and shrinking without antialias: there a filter keeps a straight line.
const std::vector<GeometryCase>& geometry_cases() {
  static const std::vector<GeometryCase> cases = {
      {"{}", 20, 30},
      {"crop: [10, 17]", 20, 30},
      {"crop: [5, 12]", 20, 31},
      {"resize: 33", 20, 30},
      {"resize: [35, 50]", 20, 30},
      {"{resize: 33, crop: [20, 41]}", 20, 30},
      {"{resize: 33, crop: 21}", 30, 20},
      {"resize: 15", 30, 60},
      {"{resize: [20, 15], crop: [11, 9]}", 60, 60},
      {"{resize: [23, 41], antialias: false}", 40, 60},
      {"{resize: 17, crop: [13, 14], antialias: false}", 37, 52},
      {"{resize: 33, interpolation: bicubic}", 20, 30},
      {"{resize: [35, 50], crop: [30, 33], interpolation: bicubic, antialias: false}", 20, 30},
      {"{resize: 15, interpolation: bicubic}", 30, 60},
      {"{resize: 15, interpolation: area}", 30, 60},
      {"{resize: [20, 15], crop: [11, 9], interpolation: area}", 60, 60},
  };
  return cases;
}

TEST(GeometryTest, AMarkerLandsWhereItSays) {
  for (const GeometryCase& geometry_case : geometry_cases()) {
    const int height = geometry_case.height;
    const int width = geometry_case.width;
    const Preprocess preprocess = preprocess_from(geometry_case.yaml);
    const Geometry geometry = preprocess.geometry(height, width);
    for (const auto& [marker_y, marker_x] : {std::pair{height / 2, width / 2}, std::pair{height / 2 - 2, width / 2 + 3}}) {
      SCOPED_TRACE(geometry_case.yaml);
      // A spot of three by three pixels, so that no filter can step over it; its centre is that of the middle pixel.
      const Image image = drawn(height, width, 1, [&, y0 = marker_y, x0 = marker_x](int y, int x, int) {
        return std::abs(y - y0) <= 1 && std::abs(x - x0) <= 1 ? 255 : 0;
      });
      const Image prepared = preprocess(image);
      double weight = 0;
      double sum_x = 0;
      double sum_y = 0;
      for (int y = 0; y < prepared.height; ++y) {
        for (int x = 0; x < prepared.width; ++x) {
          const double light = prepared.at(y, x, 0);
          weight += light;
          sum_x += light * geometry.source_x(x + 0.5);
          sum_y += light * geometry.source_y(y + 0.5);
        }
      }
      ASSERT_GT(weight, 0);
      // The spot's centre of light moves by less than half a prepared pixel when it falls between them.
      EXPECT_NEAR(sum_x / weight, marker_x + 0.5, 0.5 * geometry.scale_x);
      EXPECT_NEAR(sum_y / weight, marker_y + 0.5, 0.5 * geometry.scale_y);
    }
  }
}

TEST(GeometryTest, ARampShowsTheSourceOfEveryPixel) {
  // Channel 0 is 4 x and channel 1 is 4 y, so a pixel's value says where it came from. Rounding to 8 bits hides 1/8 pixel
  // (half of 1/4), and the cubic filter without antialias (a = -3/4) bends a line by at most 1/20 pixel.
  constexpr double kTolerance = 1.0 / 8 + 1.0 / 20;
  for (const GeometryCase& geometry_case : geometry_cases()) {
    SCOPED_TRACE(geometry_case.yaml);
    const int height = geometry_case.height;
    const int width = geometry_case.width;
    const Preprocess preprocess = preprocess_from(geometry_case.yaml);
    const Geometry geometry = preprocess.geometry(height, width);
    const Image image = drawn(height, width, 2, [](int y, int x, int c) { return 4 * (c == 0 ? x : y); });
    const Image prepared = preprocess(image);
    // The widest filter reaches two prepared pixels (or two source pixels); nearer to the border it is cut off.
    const double margin_x = 2 * std::max(1.0, geometry.scale_x);
    const double margin_y = 2 * std::max(1.0, geometry.scale_y);
    int compared = 0;
    for (int y = 0; y < prepared.height; ++y) {
      for (int x = 0; x < prepared.width; ++x) {
        const double source_x = geometry.source_x(x + 0.5);
        const double source_y = geometry.source_y(y + 0.5);
        if (source_x < margin_x || source_x > width - margin_x || source_y < margin_y || source_y > height - margin_y)
          continue;
        ASSERT_NEAR(prepared.at(y, x, 0) / 4.0 + 0.5, source_x, kTolerance) << "at (" << x << ", " << y << ")";
        ASSERT_NEAR(prepared.at(y, x, 1) / 4.0 + 0.5, source_y, kTolerance) << "at (" << x << ", " << y << ")";
        ++compared;
      }
    }
    EXPECT_GT(compared, prepared.height * prepared.width / 4);
  }
}

TEST(GeometryTest, CoversTheImageWhenNothingIsCropped) {
  for (const char* yaml : {"{}", "resize: 20", "resize: [10, 70]"}) {
    const Preprocess preprocess = preprocess_from(yaml);
    const Geometry geometry = preprocess.geometry(30, 47);
    const auto [height, width] = preprocess.output_size(30, 47);
    EXPECT_EQ(geometry.source_x(0), 0.0);
    EXPECT_EQ(geometry.source_y(0), 0.0);
    EXPECT_DOUBLE_EQ(geometry.source_x(width), 47.0);  // (w / W) * W rounds at most twice
    EXPECT_DOUBLE_EQ(geometry.source_y(height), 30.0);
  }
}

/// The results of PIL for some photos: a folder of `<name>.decoded.png` with `<name>.<what was done>.png` beside them.
TEST(PreprocessGoldenTest, EqualsPilWithinOneLevel) {
  const char* golden = std::getenv("FOVEA_GOLDEN");
  if (golden == nullptr) GTEST_SKIP() << "FOVEA_GOLDEN is not set";
  const std::string folder = std::string(golden) + "/preprocess";
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"resize256_crop224_bilinear", "{resize: 256, crop: 224}"},
      {"resize256_crop224_bicubic", "{resize: 256, crop: 224, interpolation: bicubic}"},
      {"resize96x64_bilinear", "resize: [96, 64]"},
  };
  int photos = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    const auto suffix = path.rfind(".decoded.png");
    if (suffix == std::string::npos) continue;
    ++photos;
    const Image photo = decode_image_file(path);
    for (const auto& [kind, yaml] : kinds) {
      const Image expected = decode_image_file(path.substr(0, suffix) + "." + kind + ".png");
      const int difference = largest_difference(preprocess_from(yaml)(photo), expected);
      // PIL rounds to 8 bits between its two passes, and works with 22-bit weights: half a level, then rounded once more.
      EXPECT_LE(difference, 1) << path << ", " << kind;
      RecordProperty(entry.path().stem().stem().string() + "." + kind, difference);
    }
  }
  EXPECT_GT(photos, 0) << "no *.decoded.png in " << folder;
}

TEST(ToTensorTest, SeparatesTheChannels) {
  const Image image = drawn(2, 3, 3, [](int y, int x, int c) { return 100 * y + 10 * x + c; });
  const auto tensor = to_tensor(image);
  EXPECT_EQ(tensor.sizes(), torch::IntArrayRef({3, 2, 3}));
  EXPECT_EQ(tensor.scalar_type(), torch::kUInt8);
  EXPECT_TRUE(tensor.is_contiguous());
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 3; ++x) {
      for (int c = 0; c < 3; ++c) EXPECT_EQ(tensor[c][y][x].item<int>(), image.at(y, x, c));
    }
  }
}

TEST(ToTensorTest, CopiesThePixels) {
  Image image(2, 2, 1);
  const auto tensor = to_tensor(image);
  image.pixels.assign(4, 9);
  EXPECT_EQ(tensor.max().item<int>(), 0);
}

TEST(CollateTest, StacksImagesOfOneSize) {
  const Image first = drawn(2, 3, 3, [](int y, int x, int c) { return y + x + c; });
  const Image second = drawn(2, 3, 3, [](int y, int x, int c) { return 50 + y * x * c; });
  const auto normalization = std::make_shared<const Normalization>(Normalization{{0, 0, 0}, {1, 1, 1}});
  const Batch batch = collate_images({first, second}, {4, 2}, normalization);
  ASSERT_TRUE(batch.images.defined());
  EXPECT_EQ(batch.images.sizes(), torch::IntArrayRef({2, 3, 2, 3}));
  EXPECT_TRUE(torch::equal(batch.images[0], to_tensor(first)));
  EXPECT_TRUE(torch::equal(batch.images[1], to_tensor(second)));
  EXPECT_TRUE(torch::equal(batch.labels, torch::tensor({4, 2}, torch::kInt64)));
  EXPECT_EQ(batch.normalization, normalization);
  EXPECT_FALSE(collate_images({first}, {}, normalization).labels.defined());
}

TEST(CollateTest, PutsTheColoursInTheOrderOfCaffesNetworks) {
  PreprocessOptions options;
  options.mean = {0.1, 0.2, 0.3};
  options.standard_deviation = {0.5, 0.6, 0.7};
  const Preprocess rgb(options);
  options.channel_order = ChannelOrder::bgr;
  const Preprocess bgr(options);
  const Image one = drawn(2, 3, 3, [](int y, int x, int c) { return 40 * y + 10 * x + c; });
  const Image taller = drawn(3, 3, 3, [](int y, int x, int c) { return 60 * c + y + x; });
  const Batch batch = collate_images({one}, {}, bgr.normalization());
  EXPECT_TRUE(torch::equal(batch.images[0], to_tensor(one).flip(0)));
  // Mean and deviation are those of red, green and blue in either order.
  EXPECT_TRUE(torch::equal(batch.input(), collate_images({one}, {}, rgb.normalization()).input().flip(1)));
  EXPECT_TRUE(torch::equal(collate_images({one, taller}, {}, bgr.normalization()).singles[1], to_tensor(taller).flip(0)));

  options.mean = options.standard_deviation = {0.5};
  EXPECT_THAT(
      [&] { Preprocess{options}; },
      ThrowsMessage<InputError>(StrEq("preprocess.channel_order: expected three channels for bgr, got 1; remove it, or "
                                      "set preprocess.mean and preprocess.std to three numbers each")));
}

TEST(CollateTest, WithoutMemorySaysWhatToMakeSmaller) {
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "memory cannot be limited under a sanitizer";
  const std::vector<Image> images(256, Image(512, 512, 3));  // 200 MB
  const MemoryLimit limit(64 << 20);
  EXPECT_THAT([&] { collate_images(images, {}, nullptr); },
              ThrowsMessage<SystemError>(StrEq(
                  "no memory for a batch of 256 images of 512 x 512 pixels (height x width); use a smaller batch, or a "
                  "smaller preprocess.resize")));
}

TEST(CollateTest, KeepsImagesOfDifferentSizesApart) {
  const Batch batch = collate_images({Image(2, 3, 1), Image(3, 2, 1)}, {0, 1}, nullptr);
  EXPECT_FALSE(batch.images.defined());
  EXPECT_EQ(batch.size(), 2);
  EXPECT_EQ(batch.singles.at(0).sizes(), torch::IntArrayRef({1, 2, 3}));
  EXPECT_EQ(batch.singles.at(1).sizes(), torch::IntArrayRef({1, 3, 2}));
}

}  // namespace
}  // namespace fovea
