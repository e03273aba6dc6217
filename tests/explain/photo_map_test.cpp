#include <cmath>
#include <cstdint>
#include <limits>
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
#include <fovea/explain/photo_map.h>

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

LayerMap spatial_map(const torch::Tensor& values, const torch::Tensor& theta = {}) {
  return {"layer", Meaning::gate, values, theta};
}

/// 2 x 4 positions with the values 0 to 7, over a photo of as many pixels that is prepared as it is, or scaled.
PhotoMap counting_map(const torch::Tensor& theta = {}, const Geometry& geometry = {}) {
  return map_on_photo(spatial_map(torch::arange(8, torch::kFloat32).view({2, 4}), theta), geometry, 2, 4);
}

torch::Tensor frame_tensor(std::vector<double> entries) {
  return torch::tensor(entries, torch::kFloat64).view({2, 3});
}

void expect_value(const PhotoMap& map, double x, double y, double expected, double tolerance = 0) {
  const std::optional<double> value = map.at(x, y);
  ASSERT_TRUE(value.has_value()) << "nothing at (" << x << ", " << y << ")";
  EXPECT_NEAR(*value, expected, tolerance) << "at (" << x << ", " << y << ")";
}

TEST(PhotoMapTest, HasTheCellsValuesAtTheirCentres) {
  const PhotoMap map = counting_map();
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 4; ++column) expect_value(map, column + 0.5, row + 0.5, 4 * row + column);
  }
}

TEST(PhotoMapTest, InterpolatesBetweenCentres) {
  const PhotoMap map = counting_map();
  expect_value(map, 1, 0.5, 0.5);  // between two of a row
  expect_value(map, 0.5, 1, 2);    // between two of a column
  expect_value(map, 1, 1, 2.5);    // between four
  expect_value(map, 1.75, 0.5, 1.25);
}

TEST(PhotoMapTest, IsConstantFromTheOuterCentresToTheEdge) {
  const PhotoMap map = counting_map();
  expect_value(map, 0, 0, 0);
  expect_value(map, 0.25, 0.5, 0);
  expect_value(map, 4, 0, 3);
  expect_value(map, 4, 2, 7);
  expect_value(map, 0, 2, 4);
  expect_value(map, 2, 0, 1.5);  // along the edge it varies
}

TEST(PhotoMapTest, EndsAtTheEdge) {
  const PhotoMap map = counting_map();
  for (const auto& [x, y] : {std::pair{-0.01, 1.0}, {4.01, 1.0}, {2.0, -0.01}, {2.0, 2.01}, {-5.0, -5.0}, {1e9, 1.0}}) {
    EXPECT_EQ(map.at(x, y), std::nullopt) << "at (" << x << ", " << y << ")";
  }
}

TEST(PhotoMapTest, AConstantMapStaysConstant) {
  RandomStream random(2, Purpose::test);
  const PhotoMap map = map_on_photo(spatial_map(torch::full({3, 5}, 0.3F)), {2, 1, 1.7, 0.9}, 20, 30);
  int inside = 0;
  for (int i = 0; i < 500; ++i) {
    const auto value = map.at(random.uniform(0, 60), random.uniform(0, 25));
    if (!value) continue;
    EXPECT_EQ(*value, 0.3F);
    ++inside;
  }
  EXPECT_GT(inside, 300);
}

TEST(PhotoMapTest, OneCellCoversEverythingSeen) {
  const PhotoMap map = map_on_photo(spatial_map(torch::full({1, 1}, 5.0F)), {}, 1, 1);  // of a photo of one pixel
  expect_value(map, 0.5, 0.5, 5);
  expect_value(map, 0, 1, 5);
  EXPECT_EQ(map.at(1.5, 0.5), std::nullopt);
}

TEST(PhotoMapTest, UndoesResizeAndCrop) {
  // 8 x 16 pixels, halved to 4 x 8, of which columns 2 to 5 and rows 1 and 2 remain: pixels 4 to 12 and 2 to 6 of the photo.
  const PhotoMap map = counting_map({}, {2, 1, 2, 2});
  expect_value(map, 5, 3, 0);  // a cell is two pixels wide; the first one's centre
  expect_value(map, 11, 5, 7);
  expect_value(map, 4, 2, 0);
  expect_value(map, 12, 6, 7);
  EXPECT_EQ(map.at(3.9, 4), std::nullopt);
  EXPECT_EQ(map.at(12.1, 4), std::nullopt);
  EXPECT_EQ(map.at(8, 1.9), std::nullopt);
  EXPECT_EQ(map.at(8, 6.1), std::nullopt);
}

TEST(PhotoMapTest, AMapOfOneCellPerPixelFollowsTheGeometry) {
  RandomStream random(3, Purpose::test);
  for (const char* yaml :
       {"{}", "resize: 20", "{resize: 20, crop: [16, 13]}", "{resize: [17, 40], crop: 11}", "crop: [9, 22]"}) {
    PreprocessOptions options;
    read_fields(options, parse_yaml(yaml, "test.yaml"), "preprocess");
    const Preprocess preprocess(options);
    for (const auto& [height, width] : {std::pair{31, 46}, {46, 31}}) {
      const auto [rows, columns] = preprocess.output_size(height, width);
      const Geometry geometry = preprocess.geometry(height, width);
      const auto values = torch::arange(rows * columns, torch::kFloat32).view({rows, columns});
      const PhotoMap map = map_on_photo(spatial_map(values), geometry, rows, columns);
      for (int i = 0; i < 50; ++i) {
        const auto row = static_cast<int>(random.below(static_cast<std::uint64_t>(rows)));
        const auto column = static_cast<int>(random.below(static_cast<std::uint64_t>(columns)));
        // Coordinates up to 46 and values up to 800 round by 2^-53 of them a few times.
        expect_value(map, geometry.source_x(column + 0.5), geometry.source_y(row + 0.5), row * columns + column, 1e-9);
      }
    }
  }
}

TEST(PhotoMapTest, AScaledFrameCoversTheMiddle) {
  const PhotoMap map =
      counting_map(frame_tensor({0.5, 0, 0, 0, 0.5, 0}));  // columns 1 to 3 and rows 0.5 to 1.5 of the input
  expect_value(map, 1.25, 0.75, 0);
  expect_value(map, 2.75, 1.25, 7);
  EXPECT_EQ(map.at(0.9, 1), std::nullopt);
  EXPECT_EQ(map.at(2, 0.4), std::nullopt);
}

TEST(PhotoMapTest, AShiftedFrameMovesTheMap) {
  const PhotoMap map = counting_map(frame_tensor({1, 0, 0.5, 0, 1, -1}));  // a quarter to the right, half of it up
  expect_value(map, 1.5, 0.5, 4);
  expect_value(map, 3.5, 0.5, 6);
  EXPECT_EQ(map.at(0.9, 0.5), std::nullopt);
  EXPECT_EQ(map.at(2, 1.1), std::nullopt);
}

TEST(PhotoMapTest, ATurnedFrameTurnsTheMap) {
  // (x, y) -> (-y, x): the right of the map is at the bottom of the input, its bottom at the left.
  const PhotoMap map = counting_map(frame_tensor({0, -1, 0, 1, 0, 0}));
  expect_value(map, 3, 0.25, 0);  // top left: now top right, where a cell is 2 pixels wide and half a pixel high
  expect_value(map, 3, 1.75, 3);
  expect_value(map, 1, 0.25, 4);
  expect_value(map, 1, 1.75, 7);
}

TEST(PhotoMapTest, AMirroredFrameMirrorsTheMap) {
  const PhotoMap map = counting_map(frame_tensor({-1, 0, 0, 0, 1, 0}));
  expect_value(map, 0.5, 0.5, 3);
  expect_value(map, 3.5, 1.5, 4);
}

TEST(PhotoMapTest, RefusesAFrameThatCannotBeUndone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& entries : std::vector<std::vector<double>>{{0, 0, 0, 0, 0, 0},
                                                              {1, 2, 0, 2, 4, 0},
                                                              {1e-6, 0, 0, 0, 1e-6, 0},
                                                              {nan, 0, 0, 0, 1, 0},
                                                              {1, 0, nan, 0, 1, 0},
                                                              {1, 0, 0, 0, infinity, 0},
                                                              {1, 0, 0, 0, 1, infinity}}) {
    EXPECT_THAT([&] { counting_map(frame_tensor(entries)); },
                ThrowsMessage<InputError>(
                    StartsWith("layer: expected a map with an invertible affine transform to the input, got ")))
        << ::testing::PrintToString(entries);
  }
}

TEST(PhotoMapTest, RefusesAMapOverChannels) {
  EXPECT_THAT([] { map_on_photo(spatial_map(torch::zeros({5})), {}, 4, 4); },
              ThrowsMessage<InputError>(AllOf(StartsWith("layer: expected a map over the image"), HasSubstr("channels"))));
}

TEST(PhotoMapTest, ReadsValuesOfAnyLayout) {
  const auto values = torch::arange(8, torch::kFloat32).view({4, 2}).t();  // rows lie two apart in memory
  const PhotoMap map = map_on_photo(spatial_map(values), {}, 2, 4);
  expect_value(map, 1.5, 0.5, 2);
  expect_value(map, 0.5, 1.5, 1);
}

TEST(PhotoMapTest, KnowsItsRange) {
  const PhotoMap map = map_on_photo(spatial_map(torch::tensor({{3.0F, -2.0F}, {0.5F, 1.0F}})), {}, 2, 2);
  EXPECT_EQ(map.lowest(), -2);
  EXPECT_EQ(map.highest(), 3);
}

TEST(PhotoMapTest, ScalesWithThePhoto) {
  const PhotoMap map = counting_map({}, {2, 1, 2, 2});
  const PhotoMap small = map.scaled(0.25, 0.25);
  for (const auto& [x, y] : {std::pair{5.0, 3.0}, {7.0, 4.5}, {11.0, 5.0}})
    expect_value(small, x / 4, y / 4, *map.at(x, y), 1e-12);
  EXPECT_EQ(small.at(3.9 / 4, 1), std::nullopt);
  EXPECT_EQ(map.scaled(3, 2).scaled(1.0 / 3, 0.5).at(7, 4), map.at(7, 4));
}

}  // namespace
}  // namespace fovea
