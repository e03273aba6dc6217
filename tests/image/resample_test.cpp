#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/resample.h>

namespace fovea {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

struct Filter {
  Interpolation interpolation;
  bool antialias;
  const char* name;
};

constexpr Filter kFilters[] = {
    {Interpolation::bilinear, true, "bilinear"}, {Interpolation::bilinear, false, "bilinear, sharp"},
    {Interpolation::bicubic, true, "bicubic"},   {Interpolation::bicubic, false, "bicubic, sharp"},
    {Interpolation::area, true, "area"},         {Interpolation::area, false, "area, sharp"},
};

/// Uneven in every direction, and quick to write down in any language.
Image pattern(int height, int width, int channels) {
  Image image(height, width, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        image.at(y, x, c) = static_cast<std::uint8_t>((37 * x + 91 * y + 53 * c + 29 * x * y) % 256);
      }
    }
  }
  return image;
}

/// A grey image of one row.
Image row_of(const std::vector<std::uint8_t>& values) {
  Image row(1, static_cast<int>(values.size()), 1);
  row.pixels = values;
  return row;
}

Image column_of(const std::vector<std::uint8_t>& values) {
  Image column(static_cast<int>(values.size()), 1, 1);
  column.pixels = values;
  return column;
}

Window all_of(const Image& image) {
  return {0, 0, image.height, image.width};
}

Image resized(const Image& image, int height, int width, const Filter& filter) {
  return resampled(image, all_of(image), height, width, filter.interpolation, filter.antialias);
}

/// A grey row of another length; the column of the same values must give the same.
std::vector<std::uint8_t> resized_row(const std::vector<std::uint8_t>& values, int length, const Filter& filter) {
  const Image across = resized(row_of(values), 1, length, filter);
  const Image down = resized(column_of(values), length, 1, filter);
  EXPECT_EQ(across.pixels, down.pixels) << filter.name;
  return across.pixels;
}

TEST(ResampledTest, BilinearEnlargesAsComputedByHand) {
  // Pixel centres of the result lie at -1/4, 1/4, 3/4, 5/4 of the source: weights 0, 1/4, 3/4, 1 of the second pixel.
  Image image(2, 2, 1);
  image.pixels = {0, 80, 160, 240};
  for (const bool antialias : {true, false}) {
    EXPECT_THAT(resized(image, 4, 4, {Interpolation::bilinear, antialias, ""}).pixels,
                ElementsAre(0, 20, 60, 80, 40, 60, 100, 120, 120, 140, 180, 200, 160, 180, 220, 240));
  }
}

TEST(ResampledTest, BilinearShrinksAsComputedByHand) {
  // Antialiased, the triangle is two source pixels wide on each side: weights 3/7, 3/7, 1/7 around the centres 1 and 3.
  // Without, each result is the mean of the two pixels at its centre.
  EXPECT_THAT(resized_row({70, 28, 14, 140}, 2, {Interpolation::bilinear, true, "bilinear"}), ElementsAre(44, 70));
  EXPECT_THAT(resized_row({70, 28, 14, 140}, 2, {Interpolation::bilinear, false, "bilinear"}), ElementsAre(49, 77));
}

TEST(ResampledTest, BicubicEnlargesAsComputedByHand) {
  // Twice as long, centres lie 1/4, 3/4, 5/4 and 7/4 pixels off; there PIL's cubic is 111, 29, -9 and -3 in 128.
  EXPECT_THAT(resized_row({64, 64, 192, 64, 64}, 10, {Interpolation::bicubic, true, "bicubic"}),
              ElementsAre(64, 61, 55, 93, 175, 175, 93, 55, 61, 64));
}

TEST(ResampledTest, BicubicWithoutAntialiasShrinksAsComputedByHand) {
  // Half as long, centres lie 1/2 and 3/2 pixels off, where PyTorch's cubic is 19/32 and -3/32. Beyond the ends, the pixel
  // at the end counts again: (16 * 32 + 19 * 64 - 3 * 128) / 32 and (-3 * 64 + 19 * 128 + 16 * 96) / 32.
  EXPECT_THAT(resized_row({32, 64, 128, 96}, 2, {Interpolation::bicubic, false, "bicubic"}), ElementsAre(42, 118));
}

TEST(ResampledTest, AreaIsTheMeanOfWhatAPixelCovers) {
  const Filter mean = {Interpolation::area, true, "area"};
  EXPECT_THAT(resized_row({70, 28, 14, 140}, 2, mean), ElementsAre(49, 77));
  EXPECT_THAT(resized_row({1, 2, 3, 10, 20, 30}, 2, mean), ElementsAre(2, 20));
  EXPECT_THAT(resized_row({7, 9}, 6, mean), ElementsAre(7, 7, 7, 9, 9, 9));
}

TEST(ResampledTest, AreaWithoutAntialiasIsThePixelUnderTheCentre) {
  const Filter nearest = {Interpolation::area, false, "area"};
  EXPECT_THAT(resized_row({70, 28, 14, 140, 50, 60}, 2, nearest), ElementsAre(28, 50));  // centres 1.5 and 4.5
  EXPECT_THAT(resized_row({70, 28, 14, 140}, 2, nearest), ElementsAre(28, 140));         // a pixel begins at its border
  EXPECT_THAT(resized_row({7, 9}, 6, nearest), ElementsAre(7, 7, 7, 9, 9, 9));
  // The centre 24.5 * 8 / 49 is 4, where a pixel begins: so it is in single precision, but not in double.
  EXPECT_EQ(resized_row({0, 1, 2, 3, 4, 5, 6, 7}, 49, nearest)[24], 4);
}

TEST(ResampledTest, RoundsHalvesAsItsModel) {
  EXPECT_THAT(resized_row({0, 1, 1, 2}, 2, {Interpolation::area, true, "PIL: up"}), ElementsAre(1, 2));
  EXPECT_THAT(resized_row({0, 1, 1, 2}, 2, {Interpolation::bilinear, false, "PyTorch: to even"}), ElementsAre(0, 2));
}

TEST(ResampledTest, RoundsBetweenThePassesOnlyWithAntialias) {
  Image image(2, 2, 1);
  image.pixels = {0, 0, 0, 1};                                                                // across: 0 and 1/2
  EXPECT_THAT(resized(image, 1, 1, {Interpolation::area, true, ""}).pixels, ElementsAre(1));  // 1/2 of 1, rounded up twice
  EXPECT_THAT(resized(image, 1, 1, {Interpolation::bilinear, false, ""}).pixels, ElementsAre(0));  // 1/4
  image.pixels = {0, 1, 1, 1};
  EXPECT_THAT(resized(image, 1, 1, {Interpolation::bilinear, false, ""}).pixels, ElementsAre(1));  // 3/4
}

TEST(ResampledTest, AntialiasedFiltersAcrossThenDown) {
  for (const Filter& filter : kFilters) {
    if (!filter.antialias) continue;
    const Image image = pattern(31, 26, 1);
    EXPECT_EQ(resized(image, 17, 40, filter).pixels, resized(resized(image, 31, 40, filter), 17, 40, filter).pixels)
        << filter.name;
  }
}

TEST(ResampledTest, KeepsAPlainColour) {
  // Every filter's weights add up to one, at the borders too.
  Image image(13, 29, 1);
  for (const int value : {0, 1, 127, 255}) {
    image.pixels.assign(image.pixels.size(), static_cast<std::uint8_t>(value));
    for (const Filter& filter : kFilters) {
      for (const auto& [height, width] : {std::pair{7, 40}, {40, 7}, {1, 1}, {13, 28}}) {
        const Image result = resized(image, height, width, filter);
        EXPECT_EQ(result.pixels.size(), static_cast<std::size_t>(height * width));
        EXPECT_THAT(result.pixels, Each(value)) << filter.name;
      }
    }
  }
}

TEST(ResampledTest, ClampsWhatBicubicOvershoots) {
  for (const bool antialias : {true, false}) {
    const auto row = resized_row({0, 0, 0, 0, 255, 255, 255, 255}, 16, {Interpolation::bicubic, antialias, "bicubic"});
    for (std::size_t x = 0; x < 7; ++x) {  // 7 and 8 lie on the edge itself
      EXPECT_LT(row[x], 64) << x;          // an overshoot that wraps round would be near 255
      EXPECT_GT(row[15 - x], 191) << x;
    }
  }
}

TEST(ResampledTest, TreatsChannelsAlike) {
  for (const int channels : {2, 3, 4, 6}) {
    const Image image = pattern(9, 7, channels);
    for (const Filter& filter : kFilters) {
      const Image together = resized(image, 5, 11, filter);
      for (int c = 0; c < channels; ++c) {
        Image plane(9, 7, 1);
        for (int y = 0; y < 9; ++y) {
          for (int x = 0; x < 7; ++x) plane.at(y, x, 0) = image.at(y, x, c);
        }
        const Image alone = resized(plane, 5, 11, filter);
        for (int y = 0; y < 5; ++y) {
          for (int x = 0; x < 11; ++x)
            ASSERT_EQ(together.at(y, x, c), alone.at(y, x, 0)) << filter.name << ", channel " << c;
        }
      }
    }
  }
}

TEST(ResampledTest, NothingOutsideTheWindowCounts) {
  const Image image = pattern(12, 17, 3);
  for (const Window& window : {Window{0, 0, 12, 17}, Window{2, 3, 9, 5}, Window{11, 16, 1, 1}, Window{0, 4, 12, 2}}) {
    const Image crop = cropped_image(image, window);
    for (const Filter& filter : kFilters) {
      for (const auto& [height, width] : {std::pair{4, 6}, {20, 3}, {window.height, 8}, {5, window.width}}) {
        EXPECT_EQ(resampled(image, window, height, width, filter.interpolation, filter.antialias).pixels,
                  resized(crop, height, width, filter).pixels)
            << filter.name;
      }
    }
  }
}

TEST(ResampledTest, TheSameSizeIsTheCrop) {
  const Image image = pattern(6, 9, 3);
  const Window window = {1, 2, 4, 5};
  for (const Filter& filter : kFilters) {
    const Image same = resampled(image, window, 4, 5, filter.interpolation, filter.antialias);
    EXPECT_EQ(same.height, 4);
    EXPECT_EQ(same.width, 5);
    EXPECT_EQ(same.pixels, cropped_image(image, window).pixels) << filter.name;
    // A side that keeps its length passes through unchanged: what the other does to it is the same in every line.
    const Image taller = resampled(image, window, 8, 5, filter.interpolation, filter.antialias);
    const Image one_column = resampled(image, {1, 4, 4, 1}, 8, 1, filter.interpolation, filter.antialias);
    for (int y = 0; y < 8; ++y) EXPECT_EQ(taller.at(y, 2, 1), one_column.at(y, 0, 1)) << filter.name;
  }
}

TEST(ResampledTest, CommutesWithFlips) {
  // Scales whose positions are exact in binary, so that both ends of a line see the same numbers.
  const Image image = pattern(8, 12, 3);
  const auto flipped = [](const Image& upright) {
    Image turned(upright.height, upright.width, upright.channels);
    for (int y = 0; y < upright.height; ++y) {
      for (int x = 0; x < upright.width; ++x) {
        for (int c = 0; c < upright.channels; ++c) {
          turned.at(upright.height - 1 - y, upright.width - 1 - x, c) = upright.at(y, x, c);
        }
      }
    }
    return turned;
  };
  for (const Filter& filter : kFilters) {
    if (filter.interpolation == Interpolation::area && !filter.antialias) continue;  // a centre on a border has one side
    for (const auto& [height, width] : {std::pair{4, 6}, {16, 3}, {2, 24}}) {
      EXPECT_EQ(resized(flipped(image), height, width, filter).pixels, flipped(resized(image, height, width, filter)).pixels)
          << filter.name << " to " << height << " x " << width;
    }
  }
}

TEST(ResampledTest, OnePixelFillsAnySize) {
  Image pixel(1, 1, 3);
  pixel.pixels = {10, 20, 30};
  for (const Filter& filter : kFilters) {
    EXPECT_THAT(resized(pixel, 1, 1, filter).pixels, ElementsAre(10, 20, 30));
    EXPECT_THAT(resized(pixel, 2, 1, filter).pixels, ElementsAre(10, 20, 30, 10, 20, 30));
    EXPECT_THAT(resized(pixel, 1, 2, filter).pixels, ElementsAre(10, 20, 30, 10, 20, 30));
  }
}

TEST(ResampledTest, ShrinksALongLineToOnePixel) {
  // 0.3 * 210 + 0.7 * 10; rounding each of the thousand weights adds up to less than 0.03.
  std::vector<std::uint8_t> line(1000, 10);
  std::fill_n(line.begin(), 300, std::uint8_t{210});
  EXPECT_THAT(resized_row(line, 1, {Interpolation::area, true, "area"}), ElementsAre(70));
}

TEST(ResampledTest, EqualsPil) {
  // Image.resize of PIL (Pillow 9.4.0), with BILINEAR, BICUBIC and BOX.
  struct Golden {
    std::array<int, 3> shape;  // of pattern()
    std::array<int, 2> size;   // of the result
    std::vector<std::uint8_t> bilinear, bicubic, area;
  };
  const std::vector<Golden> goldens = {
      {{5, 7, 1}, {2, 3}, {96, 114, 174, 81, 102, 131}, {95, 112, 181, 81, 100, 130}, {82, 118, 198, 68, 94, 121}},
      {{5, 7, 1},
       {3, 9},
       {39, 72,  110, 124, 78, 116, 155, 193, 226, 125, 94,  95,  125, 154,
        73, 103, 177, 240, 69, 65,  77,  93,  88,  112, 116, 112, 108},
       {39, 68, 118, 133, 76, 117, 158, 197, 228, 131, 96,  93,  128, 157,
        54, 87, 186, 254, 68, 61,  73,  91,  90,  114, 117, 110, 107},
       {46, 97,  97,  149, 72, 124, 175, 175, 227, 182, 21,  21,  116, 211,
        50, 145, 145, 240, 63, 73,  73,  84,  94,  105, 115, 115, 126}},
      {{4, 5, 3},
       {3, 2},
       {69, 105, 127, 109, 144, 194, 124, 142, 102, 117, 88, 135, 80, 130, 158, 83, 105, 158},
       {63, 98, 124, 111, 152, 202, 131, 148, 96, 117, 80, 133, 77, 131, 163, 79, 103, 159},
       {37, 90, 143, 130, 183, 236, 132, 142, 110, 99, 88, 141, 56, 109, 162, 67, 120, 173}},
  };
  for (const Golden& golden : goldens) {
    const auto [height, width, channels] = golden.shape;
    const Image image = pattern(height, width, channels);
    const auto by = [&](Interpolation interpolation) {
      return resized(image, golden.size[0], golden.size[1], {interpolation, true, ""}).pixels;
    };
    EXPECT_EQ(by(Interpolation::bilinear), golden.bilinear);
    EXPECT_EQ(by(Interpolation::bicubic), golden.bicubic);
    EXPECT_EQ(by(Interpolation::area), golden.area);
  }
}

TEST(ResampledTest, RefusesWindowsOutsideAndEmptyResults) {
  const Image image = pattern(4, 6, 3);
  const auto resample = [&](const Window& window, int height, int width) {
    return resampled(image, window, height, width, Interpolation::bilinear, true);
  };
  const Window low{1, 2, 4, 3};
  const Window whole = all_of(image);
  EXPECT_THAT(
      [&] { resample(low, 2, 2); },
      ThrowsMessage<InputError>(StrEq("resampled: expected a window inside an image of 4 x 6 pixels (height x width), "
                                      "got 4 x 3 pixels from row 1 and column 2")));
  EXPECT_THAT(
      [&] { resample(whole, 0, 2); },
      ThrowsMessage<InputError>(StrEq("resampled: expected a result of at least 1 x 1 pixels (height x width), got 0 x 2")));
  EXPECT_THROW(resample(whole, 2, -1), InputError);
  for (const Window& window :
       {Window{-1, 0, 2, 2}, Window{0, -1, 2, 2}, Window{0, 5, 2, 2}, Window{0, 0, 0, 2}, Window{0, 0, 2, 0},
        Window{0, 0, 2, -1}, Window{2147483647, 0, 1, 1}, Window{1, 0, 2147483647, 1}}) {
    EXPECT_THROW(resample(window, 2, 2), InputError);
    EXPECT_THROW(cropped_image(image, window), InputError);
  }
  EXPECT_THROW(resized(Image(), 2, 2, kFilters[0]), InputError);
}

TEST(CroppedTest, TakesRowsOfAllChannels) {
  Image image(4, 5, 3);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 5; ++x) {
      for (int c = 0; c < 3; ++c) image.at(y, x, c) = static_cast<std::uint8_t>(60 * y + 10 * x + c);
    }
  }
  const Image crop = cropped_image(image, {1, 2, 2, 1});
  EXPECT_EQ(crop.height, 2);
  EXPECT_EQ(crop.width, 1);
  EXPECT_EQ(crop.channels, 3);
  EXPECT_THAT(crop.pixels, ElementsAre(80, 81, 82, 140, 141, 142));
  EXPECT_EQ(cropped_image(image, all_of(image)).pixels, image.pixels);
  EXPECT_THAT(cropped_image(image, {3, 4, 1, 1}).pixels, ElementsAre(220, 221, 222));
}

}  // namespace
}  // namespace fovea
