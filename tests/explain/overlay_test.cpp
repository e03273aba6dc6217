#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/explain/overlay.h>
#include <fovea/image/decode.h>

#include "image_bytes.h"
#include "pixels.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// Colours that say their values, undiluted.
constexpr OverlayStyle kPlainColors{.color_map = ColorMap::viridis, .low = 0, .high = 1, .opacity = 1};

/// A photo in which every pixel is another colour.
Image colorful_photo(int height, int width) {
  Image photo(height, width, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      photo.at(y, x, 0) = static_cast<std::uint8_t>(200 - 7 * x);
      photo.at(y, x, 1) = static_cast<std::uint8_t>(5 + 11 * y);
      photo.at(y, x, 2) = static_cast<std::uint8_t>(40 + 3 * x + 5 * y);
    }
  }
  return photo;
}

/// A map over a photo of which a centre crop is seen: columns [2, 6) and rows [1, 3) of 8 x 4 pixels, a cell each.
PhotoMap cropped_map(const std::vector<float>& values) {
  const auto positions = torch::tensor(values).view({2, 4});
  return map_on_photo({"layer", Meaning::gate, positions}, {2, 1, 1, 1}, 2, 4);
}

bool is_seen(int y, int x) {
  return y >= 1 && y < 3 && x >= 2 && x < 6;
}

TEST(OverlayTest, OpaqueColorsAreThoseOfTheTable) {
  const std::vector<float> values = {0.0F, 1.0F, 0.5F, 0.25F, 0.75F, 0.1F, 0.9F, 0.6F};
  for (const ColorMap color_map : {ColorMap::inferno, ColorMap::viridis}) {
    const Image result = draw_overlay(colorful_photo(4, 8), cropped_map(values), {color_map, 0, 1, 1});
    for (std::size_t cell = 0; cell < values.size(); ++cell) {
      const auto [y, x] = std::pair{1 + static_cast<int>(cell) / 4, 2 + static_cast<int>(cell) % 4};
      EXPECT_EQ(pixel(result, y, x), color_of(color_map, values[cell])) << "cell " << cell;
    }
  }
}

TEST(OverlayTest, KeepsThePhotosSize) {
  const Image photo = colorful_photo(4, 8);
  const Image result = draw_overlay(photo, cropped_map(std::vector<float>(8, 0.5F)), OverlayStyle());
  EXPECT_EQ(result.height, 4);
  EXPECT_EQ(result.width, 8);
  EXPECT_EQ(result.channels, 3);
  EXPECT_EQ(photo.pixels, colorful_photo(4, 8).pixels);
}

TEST(OverlayTest, TransparentColorsShowThePhoto) {
  const Image photo = colorful_photo(4, 8);
  const Image result = draw_overlay(photo, cropped_map(std::vector<float>(8, 0.5F)), {ColorMap::inferno, 0, 1, 0});
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 8; ++x) {
      if (!is_seen(y, x)) continue;
      EXPECT_EQ(pixel(result, y, x), pixel(photo, y, x)) << y << ", " << x;
    }
  }
}

TEST(OverlayTest, WhatIsNotSeenIsPaleAndGrey) {
  const Image photo = colorful_photo(4, 8);
  for (const double opacity : {0.0, 0.5, 1.0}) {
    const Image result = draw_overlay(photo, cropped_map(std::vector<float>(8, 0.5F)), {ColorMap::inferno, 0, 1, opacity});
    for (int y = 0; y < 4; ++y) {
      for (int x = 0; x < 8; ++x) {
        if (is_seen(y, x)) continue;
        const Rgb8 before = pixel(photo, y, x);
        const double luma = 0.299 * before.red + 0.587 * before.green + 0.114 * before.blue;
        const auto pale = static_cast<std::uint8_t>(std::lround((luma + 255) / 2));
        EXPECT_EQ(pixel(result, y, x), (Rgb8{pale, pale, pale})) << y << ", " << x;
      }
    }
  }
}

TEST(OverlayTest, BlendsAsComputedByHand) {
  Image photo(1, 1, 3);
  photo.pixels = {200, 0, 101};
  const Rgb8 color = color_of(ColorMap::inferno, 1.0);  // 252, 255, 164
  ASSERT_EQ(color, (Rgb8{252, 255, 164}));
  const PhotoMap map = map_on_photo({"layer", Meaning::gate, torch::ones({1, 1})}, {}, 1, 1);
  EXPECT_EQ(pixel(draw_overlay(photo, map, {ColorMap::inferno, 0, 1, 0.25}), 0, 0),
            (Rgb8{213, 64, 117}));  // 63.75 and 116.75
}

TEST(OverlayTest, TheRangeChoosesTheColors) {
  const Image photo(4, 8, 3);
  const PhotoMap map = cropped_map({-1, 0, 2, 4, 6, 7, 3, 5});
  OverlayStyle style = kPlainColors;
  style.low = 0;
  style.high = 6;
  const Image result = draw_overlay(photo, map, style);
  EXPECT_EQ(pixel(result, 1, 2), color_of(style.color_map, 0));  // below
  EXPECT_EQ(pixel(result, 1, 3), color_of(style.color_map, 0));
  EXPECT_EQ(pixel(result, 1, 4), color_of(style.color_map, 2.0 / 6));
  EXPECT_EQ(pixel(result, 2, 2), color_of(style.color_map, 1));
  EXPECT_EQ(pixel(result, 2, 3), color_of(style.color_map, 1));  // above
}

TEST(OverlayTest, AFlatMapHasTheFirstColor) {
  const PhotoMap map = cropped_map(std::vector<float>(8, 3.0F));
  OverlayStyle style = kPlainColors;
  style.low = style.high = 3;
  const Image result = draw_overlay(Image(4, 8, 3), map, style);
  for (int x = 2; x < 6; ++x) EXPECT_EQ(pixel(result, 1, x), color_of(style.color_map, 0));
}

TEST(OverlayTest, ShowsWhatIsNotANumber) {
  std::vector<float> values(8, 0.5F);
  values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(pixel(draw_overlay(Image(4, 8, 3), cropped_map(values), kPlainColors), 1, 2), kNotANumberColor);
}

TEST(OverlayTest, RefusesAnythingButAnRgbPhoto) {
  EXPECT_THAT([] { draw_overlay(Image(4, 8, 1), cropped_map(std::vector<float>(8, 0.5F)), OverlayStyle()); },
              ThrowsMessage<InputError>(StrEq("overlay: expected an RGB photo, got 1 channels")));
}

TEST(OverlayTest, RefusesAnOpacityThatIsNone) {
  const PhotoMap map = cropped_map(std::vector<float>(8, 0.5F));
  for (const double opacity : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(draw_overlay(Image(4, 8, 3), map, {ColorMap::inferno, 0, 1, opacity}), InputError) << opacity;
  }
}

// Place of the hot cell of a map on a photo with a marker, through the whole of decoding and preprocessing.

struct Light {
  double amount = 0;  ///< sum over pixels, in [0, 1] each
  Point centre;
};

/// The light of an image that is black but for a marker.
Light light_of(const Image& image) {
  Light light;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const double value = image.at(y, x, 0) / 255.0;
      light.amount += value;
      light.centre.x += value * (x + 0.5);
      light.centre.y += value * (y + 0.5);
    }
  }
  light.centre = {light.centre.x / light.amount, light.centre.y / light.amount};
  return light;
}

/// A black picture with a white block of 8 x 8 pixels.
Image marked_picture(int height, int width, int top, int left) {
  Image picture(height, width, 1);
  for (int y = top; y < top + 8; ++y) {
    for (int x = left; x < left + 8; ++x) picture.at(y, x, 0) = 255;
  }
  return picture;
}

Image decoded(const std::string& bytes) {
  const TemporaryDirectory folder;
  return decode_image_file(folder.write("photo", bytes));
}

/// The value that stands behind each pixel of an overlay of plain colours, row by row; -1 where nothing was seen.
std::vector<double> shown_values(const Image& overlaid) {
  const ColorTable& table = color_table(kPlainColors.color_map);
  std::vector<double> values;
  for (int y = 0; y < overlaid.height; ++y) {
    for (int x = 0; x < overlaid.width; ++x) {
      const auto found = std::find(table.begin(), table.end(), pixel(overlaid, y, x));
      values.push_back(found == table.end() ? -1.0 : static_cast<double>(found - table.begin()) / 255);
    }
  }
  return values;
}

struct Grid {
  int rows, columns;
};

torch::Tensor hot_cell(const Grid& grid, int row, int column) {
  auto values = torch::zeros({grid.rows, grid.columns});
  values[row][column] = 1.0F;
  return values;
}

/// Lights the cell of a map in which the marker of the network's input lies, draws the map on the photo, and looks where the
/// hottest pixels are. @param theta of the map on the input, undefined when it covers it.
/// @param in_map where the marker lies in the map, as a fraction of its width and height.
void expect_hot_on_marker(const Image& photo, const Geometry& geometry, int input_height, int input_width, const Grid& grid,
                          const Point& in_map, const torch::Tensor& theta = {}) {
  const Point marker = light_of(photo).centre;
  const auto values = hot_cell(grid, static_cast<int>(in_map.y * grid.rows), static_cast<int>(in_map.x * grid.columns));
  const PhotoMap map = map_on_photo({"layer", Meaning::gate, values, theta}, geometry, input_height, input_width);
  const Image overlaid = draw_overlay(photo, map, kPlainColors);
  ASSERT_EQ(std::pair(overlaid.height, overlaid.width), std::pair(photo.height, photo.width));

  const std::vector<double> shown = shown_values(overlaid);
  const double hottest = *std::max_element(shown.begin(), shown.end());
  ASSERT_GT(hottest, 0.5);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] < hottest) continue;
    const double x = static_cast<double>(i % static_cast<std::size_t>(photo.width)) + 0.5;
    const double y = static_cast<double>(i / static_cast<std::size_t>(photo.width)) + 0.5;
    // In positions, along the map's own axes.
    const Point hot = map.to_positions(x, y);
    const Point there = map.to_positions(marker.x, marker.y);
    EXPECT_LE(std::abs(hot.x - there.x), 1.0);
    EXPECT_LE(std::abs(hot.y - there.y), 1.0);
  }
  // Half a cell off in both directions, a quarter of the heat is left. The marker's centre of light moves a little when it
  // is resized, less than a tenth of any cell here.
  const auto heat = map.at(marker.x, marker.y);
  ASSERT_TRUE(heat.has_value());
  EXPECT_GE(*heat, 0.4 * 0.4);
}

constexpr Grid kGrids[] = {{3, 4}, {7, 5}};

/// For every marker: what is prepared of the photo shows it where the hot cell is; or it is cut off, and not seen.
/// @return how many markers were seen and how many were not.
std::pair<int, int> expect_markers_found(const std::function<std::string(const Image&)>& encode, const char* yaml,
                                         int height, int width) {
  PreprocessOptions options;
  read_fields(options, parse_yaml(yaml, "test.yaml"), "preprocess");
  const Preprocess preprocess(options);
  int seen = 0;
  int unseen = 0;
  for (const auto& [top, left] : {std::pair{height / 16 * 8, width / 16 * 8}, {height / 24 * 8, width / 12 * 8}, {0, 8}}) {
    SCOPED_TRACE("marker at row " + std::to_string(top) + ", column " + std::to_string(left));
    const Image photo = decoded(encode(marked_picture(height, width, top, left)));
    EXPECT_EQ(light_of(photo).amount, 64);
    const Geometry geometry = preprocess.geometry(photo.height, photo.width);
    const Image prepared = preprocess(photo);
    const Light light = light_of(prepared);
    const double whole_marker = 64 / (geometry.scale_x * geometry.scale_y);
    if (light.amount == 0) {
      ++unseen;
      const PhotoMap map =
          map_on_photo({"layer", Meaning::gate, torch::ones({3, 4})}, geometry, prepared.height, prepared.width);
      const Point marker = light_of(photo).centre;
      EXPECT_EQ(map.at(marker.x, marker.y), std::nullopt);
    } else if (light.amount > 0.98 * whole_marker) {  // what is cut off has its centre elsewhere
      ++seen;
      for (const Grid& grid : kGrids) {
        expect_hot_on_marker(photo, geometry, prepared.height, prepared.width, grid,
                             {light.centre.x / prepared.width, light.centre.y / prepared.height});
      }
    }
  }
  return {seen, unseen};
}

TEST(OverlayGeometryTest, AHotCellLandsOnTheMarker) {
  int seen = 0;
  int unseen = 0;
  for (const std::string resize : {"0", "40", "[33, 47]", "[50, 0]", "[0, 50]", "110"}) {
    for (const std::string crop : {"0", "32", "[25, 31]", "[0, 30]"}) {
      for (const auto& [height, width] : {std::pair{72, 104}, {104, 72}, {75, 53}, {59, 97}}) {
        for (int orientation = 1; orientation <= 8; ++orientation) {
          const std::string yaml = "{resize: " + resize + ", crop: " + crop + "}";
          SCOPED_TRACE(yaml + ", " + std::to_string(height) + " x " + std::to_string(width) + ", orientation " +
                       std::to_string(orientation));
          const auto encode = [orientation](const Image& picture) { return encoded::jpeg(picture, orientation); };
          const auto found = expect_markers_found(encode, yaml.c_str(), height, width);
          seen += found.first;
          unseen += found.second;
        }
      }
    }
  }
  EXPECT_GT(seen, 1000);
  EXPECT_GT(unseen, 200);
}

TEST(OverlayGeometryTest, InEveryFileFormatThatHasAnOrientation) {
  using Encode = std::string (*)(const Image&, int);
  for (const auto& [name, encode] : {std::pair<const char*, Encode>{"JPEG", encoded::jpeg},
                                     {"WebP", encoded::webp},
                                     {"TIFF", encoded::tiff},
                                     {"PNG", encoded::png}}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      SCOPED_TRACE(std::string(name) + ", orientation " + std::to_string(orientation));
      const auto oriented = [encode = encode, orientation](const Image& picture) { return encode(picture, orientation); };
      EXPECT_GE(expect_markers_found(oriented, "{resize: 40, crop: [39, 36]}", 59, 97).first, 1);
    }
  }
}

TEST(OverlayGeometryTest, WithEveryFilter) {
  for (const char* yaml : {"{resize: 40, interpolation: bicubic}", "{resize: 40, interpolation: area}",
                           "{resize: 110, crop: 90, interpolation: bicubic, antialias: false}",
                           "{resize: [48, 90], interpolation: bilinear, antialias: false}"}) {
    SCOPED_TRACE(yaml);
    const auto encode = [](const Image& picture) { return encoded::jpeg(picture, 1); };
    EXPECT_GE(expect_markers_found(encode, yaml, 59, 97).first, 2);
  }
}

TEST(OverlayGeometryTest, AHotCellInsideAWarpLandsOnTheMarker) {
  // The warp is LibTorch's own: what a layer behind it sees of the input, [N, C, H, W].
  const auto turned = [](double degrees, double scale, double x0, double y0) {
    const double c = scale * std::cos(degrees * M_PI / 180);
    const double s = scale * std::sin(degrees * M_PI / 180);
    return torch::tensor({c, -s, x0, s, c, y0}, torch::kFloat64).view({2, 3});
  };
  PreprocessOptions options;
  options.resize = {60};
  options.crop = {56, 70};
  const Preprocess preprocess(options);
  const Image photo = decoded(encoded::jpeg(marked_picture(75, 99, 32, 56), 1));
  const Image prepared = preprocess(photo);
  const Geometry geometry = preprocess.geometry(photo.height, photo.width);
  for (const auto& theta : {turned(0, 0.7, 0, 0), turned(0, 0.6, 0.2, -0.1), turned(90, 1, 0, 0), turned(-90, 0.8, 0.1, 0),
                            turned(30, 0.75, 0.1, 0.05)}) {
    const auto input = to_tensor(prepared).slice(0, 0, 1).unsqueeze(0).to(torch::kFloat64);  // [1, 1, H, W]
    const auto grid = torch::affine_grid_generator(theta.unsqueeze(0), {1, 1, 48, 64}, /*align_corners=*/false);
    const auto warped =
        torch::grid_sampler(input, grid, /*interpolation_mode=*/0, /*padding_mode=*/0, /*align_corners=*/false);
    Image inside(48, 64, 1);
    const auto bytes = warped.round().to(torch::kUInt8).contiguous();
    std::copy_n(bytes.data_ptr<std::uint8_t>(), inside.pixels.size(), inside.pixels.begin());
    const Light light = light_of(inside);
    ASSERT_GT(light.amount, 20);
    for (const Grid& positions : kGrids) {
      expect_hot_on_marker(photo, geometry, prepared.height, prepared.width, positions,
                           {light.centre.x / 64, light.centre.y / 48}, theta);
    }
  }
}

}  // namespace
}  // namespace fovea
