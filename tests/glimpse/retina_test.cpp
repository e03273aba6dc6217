#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/glimpse/retina.h>

#include "glimpse_cases.h"

namespace fovea {
namespace {

double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

torch::Tensor location(double x, double y) {
  return torch::tensor({{x, y}}, torch::kFloat64);
}

/// Location of a pixel edge, counted from the left or the top.
double at_edge(double edge, double length) {
  return edge / length * 2 - 1;
}

Batch plain_batch(const torch::Tensor& images) {
  Batch batch;
  batch.images = images;
  batch.normalization = std::make_shared<const Normalization>(Normalization{{0.0}, {1.0 / 255}});  // values as they are
  return batch;
}

struct Shape {
  std::int64_t channels, height, width;
  RetinaShape retina;
  std::int64_t rollouts;
};

class EveryShape : public testing::TestWithParam<std::tuple<Shape, torch::ScalarType>> {
 protected:
  Shape shape = std::get<0>(GetParam());
  torch::ScalarType type = std::get<1>(GetParam());
  Batch batch = test::noise_batch(3, shape.channels, shape.height, shape.width);
  torch::Tensor locations = test::some_locations(3 * shape.rollouts, 1).select(1, 0).to(type);
  double rounding = type == torch::kFloat64 ? 1e-12 : 1e-5;

  Retina retina_of(const Batch& images) const { return {shape.retina, images, shape.rollouts, type}; }
  torch::Tensor look(const Batch& images) const { return retina_of(images).look(locations); }
};

TEST_P(EveryShape, OfBytesEqualsTheComposedOne) {
  EXPECT_LE(largest_difference(look(batch), retina_of(batch).composed_look(locations)), rounding);
  const Retina singles = retina_of(test::as_singles(batch));
  EXPECT_LE(largest_difference(look(batch), singles.composed_look(locations)), rounding);
}

TEST_P(EveryShape, OfFloatsEqualsTheComposedOneAndThatOfBytes) {
  Batch floats = batch;
  floats.images = batch.input();
  EXPECT_LE(largest_difference(look(floats), retina_of(floats).composed_look(locations)), rounding);
  EXPECT_LE(largest_difference(look(floats), look(batch)), 1e-5);  // the input is float32
}

TEST_P(EveryShape, OfSeparateImagesEqualsThatOfABatch) {
  EXPECT_TRUE(torch::equal(look(test::as_singles(batch)), look(batch)));
}

TEST_P(EveryShape, OfNonContiguousImagesEqualsThatOfCopies) {
  Batch strided = batch;
  strided.images = batch.images.permute({0, 2, 3, 1}).contiguous().permute({0, 3, 1, 2});
  EXPECT_TRUE(torch::equal(look(strided), look(batch)));
}

/// A pixel that is no number spoils every sum it goes into.
TEST_P(EveryShape, ReadsWhatLiesBelowItsWindowsAndNothingElse) {
  Batch floats = batch;
  floats.images = batch.input();
  const auto windows = retina_of(batch).windows(locations.unsqueeze(1)).to(torch::kFloat64);  // [R, 1, S, 4]
  auto hidden = torch::full_like(floats.images, NAN);
  for (std::int64_t row = 0; row < locations.size(0); ++row) {
    const auto widest = windows[row][0][shape.retina.scales - 1];
    const auto part = [&](std::int64_t axis, std::int64_t length) {
      const double centre = widest[axis].item<double>(), half = widest[axis + 2].item<double>();
      const auto edge = [&](double at) {
        return std::clamp<std::int64_t>(std::llround((at + 1) / 2 * static_cast<double>(length)), 0, length);
      };
      return torch::indexing::Slice(edge(centre - half), edge(centre + half));
    };
    const auto below = {torch::indexing::TensorIndex(row / shape.rollouts), torch::indexing::TensorIndex("..."),
                        torch::indexing::TensorIndex(part(1, shape.height)),
                        torch::indexing::TensorIndex(part(0, shape.width))};
    hidden.index_put_(below, floats.images.index(below));
  }
  const auto seen = look(floats);
  floats.images = hidden;
  EXPECT_TRUE(torch::equal(look(floats), seen));
}

INSTANTIATE_TEST_SUITE_P(Retina, EveryShape,
                         testing::Combine(testing::Values(Shape{1, 20, 20, {12, 3}, 1}, Shape{3, 17, 40, {4, 3}, 2},
                                                          Shape{2, 40, 9, {5, 2}, 1}, Shape{1, 3, 2, {8, 2}, 3},
                                                          Shape{4, 30, 31, {1, 5}, 1}, Shape{1, 11, 60, {7, 1}, 1},
                                                          Shape{1, 300, 7, {6, 6}, 1}),
                                          testing::Values(torch::kFloat32, torch::kFloat64)));

TEST(Retina, ImagesOfDifferentSizesAreEachLookedAtOnTheirOwn) {
  const auto small = test::noise_batch(1, 2, 8, 5), large = test::noise_batch(1, 2, 30, 41);
  Batch both = test::as_singles(small);
  both.singles.push_back(large.images[0]);
  const auto locations = test::some_locations(4, 1).select(1, 0);
  const auto together = Retina({4, 2}, both, 2, torch::kFloat64).look(locations);
  EXPECT_TRUE(
      torch::equal(together.slice(0, 0, 2), Retina({4, 2}, small, 2, torch::kFloat64).look(locations.slice(0, 0, 2))));
  EXPECT_TRUE(
      torch::equal(together.slice(0, 2, 4), Retina({4, 2}, large, 2, torch::kFloat64).look(locations.slice(0, 2, 4))));
}

/// One bright pixel at column 6, row 2 of an image of 12 x 5 pixels: x comes first, y points down.
TEST(Retina, LocationsAreXThenYBetweenTheOuterPixelEdges) {
  auto images = torch::zeros({1, 1, 5, 12}, torch::kUInt8);
  images[0][0][2][6] = 100;
  const Retina retina({2, 1}, plain_batch(images), 1, torch::kFloat64);
  const auto look = [&](double x, double y) { return retina.look(location(at_edge(x, 12), at_edge(y, 5)))[0][0][0]; };
  // A window of 2 x 2 pixels around the pixel's lower right corner has it at its upper left.
  EXPECT_TRUE(torch::equal(look(7, 3), torch::tensor({{100.0, 0.0}, {0.0, 0.0}}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(look(6, 3), torch::tensor({{0.0, 100.0}, {0.0, 0.0}}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(look(7, 2), torch::tensor({{0.0, 0.0}, {100.0, 0.0}}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(look(3, 7), torch::zeros({2, 2}, torch::kFloat64)));  // that is (y, x)
  // The pixel is met where its image is within reach only: at the other end there is nothing.
  EXPECT_TRUE(torch::equal(look(1, 1), torch::zeros({2, 2}, torch::kFloat64)));
}

TEST(Retina, TheCentreOfAnEvenImageIsBetweenItsMiddlePixels) {
  const auto images = torch::arange(16, torch::kUInt8).view({1, 1, 4, 4});
  const auto seen = Retina({2, 2}, plain_batch(images), 1, torch::kFloat64).look(location(0, 0));
  EXPECT_TRUE(torch::equal(seen[0][0][0], torch::tensor({{5.0, 6.0}, {9.0, 10.0}}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(seen[0][1][0], torch::tensor({{2.5, 4.5}, {10.5, 12.5}}, torch::kFloat64)));
}

/// Outside is 0 behind the normalisation, exactly, and a cell that reaches over the border is the mean with these zeros.
TEST(Retina, BorderWindowsArePaddedWithZero) {
  Batch batch;
  batch.images = torch::full({1, 1, 6, 6}, 255, torch::kUInt8);
  batch.normalization = std::make_shared<const Normalization>(Normalization{{0.5}, {0.25}});  // inside: (1 - 0.5) / 0.25 = 2
  const Retina retina({3, 2}, batch, 1, torch::kFloat64);
  const auto seen = retina.look(location(at_edge(0.5, 6), at_edge(0.5, 6)))[0];
  EXPECT_TRUE(torch::equal(seen[0][0], torch::tensor({{0.0, 0.0, 0.0}, {0.0, 2.0, 2.0}, {0.0, 2.0, 2.0}}, torch::kFloat64)));
  // The window of 6 pixels begins at round(0.5 - 3) = -2: the second row and column of 2 x 2 cells begin at pixel 0.
  EXPECT_TRUE(torch::equal(seen[1][0], torch::tensor({{0.0, 0.0, 0.0}, {0.0, 2.0, 2.0}, {0.0, 2.0, 2.0}}, torch::kFloat64)));
  const auto shifted = retina.look(location(at_edge(1.5, 6), at_edge(4.5, 6)))[0];
  // x begins at -1: half of the first column of cells is outside. y begins at 2 and leaves the image behind pixel 5.
  EXPECT_TRUE(
      torch::equal(shifted[1][0], torch::tensor({{1.0, 2.0, 2.0}, {1.0, 2.0, 2.0}, {0.0, 0.0, 0.0}}, torch::kFloat64)));
  for (const double nowhere : {9.0, -9.0, 1e30, -1e300, static_cast<double>(INFINITY), static_cast<double>(NAN)}) {
    for (const auto& outside : {location(nowhere, 0), location(0, nowhere)}) {
      EXPECT_TRUE(torch::equal(retina.look(outside), torch::zeros({1, 2, 1, 3, 3}, torch::kFloat64))) << nowhere;
      EXPECT_TRUE(torch::equal(retina.composed_look(outside), torch::zeros({1, 2, 1, 3, 3}, torch::kFloat64))) << nowhere;
    }
  }
}

TEST(Retina, WindowsSayWhichPixelsAreSeen) {
  const Batch batch = test::noise_batch(1, 1, 10, 40);
  const Retina retina({4, 2}, batch, 1, torch::kFloat64);
  const auto windows = retina.windows(location(at_edge(30.2, 40), at_edge(2.9, 10)).view({1, 1, 2}))[0][0];
  // 4 pixels around 30.2 begin at round(28.2) = 28, around 2.9 at round(0.9) = 1; 8 pixels at round(26.2) and round(-1.1).
  const auto pixels = [&](std::int64_t scale) {
    const auto w = windows[scale];
    const auto of = [&](std::int64_t i) { return w[i].item<double>(); };
    return std::array{(of(0) - of(2) + 1) * 20, (of(1) - of(3) + 1) * 5, (of(0) + of(2) + 1) * 20, (of(1) + of(3) + 1) * 5};
  };
  const std::array finest{28.0, 1.0, 32.0, 5.0}, coarse{26.0, -1.0, 34.0, 7.0};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(pixels(0)[i], finest[i], 1e-9);
    EXPECT_NEAR(pixels(1)[i], coarse[i], 1e-9);
  }
}

TEST(Retina, RefusesWhatDoesNotFit) {
  EXPECT_THROW(Retina({4, 1}, plain_batch(torch::zeros({0, 1, 8, 8}, torch::kUInt8)), 1, torch::kFloat32), ShapeError);
  const Retina retina({4, 1}, test::noise_batch(2, 1, 8, 8), 1, torch::kFloat32);
  EXPECT_THROW(retina.look(torch::zeros({1, 2})), ShapeError);
  EXPECT_THROW(retina.look(torch::zeros({2, 3})), ShapeError);
  EXPECT_THROW(retina.look(torch::zeros({2, 2}, torch::kFloat64)), ShapeError);
  auto small = torch::empty({2, 15}), strided = torch::empty({16, 2}).t();
  EXPECT_THROW(retina.look(torch::zeros({2, 2}), small), ShapeError);
  EXPECT_THROW(retina.look(torch::zeros({2, 2}), strided), ShapeError);
  Batch mixed = test::as_singles(test::noise_batch(1, 1, 8, 8));
  mixed.singles.push_back(torch::zeros({1, 8, 8}));
  EXPECT_THROW(Retina({4, 1}, mixed, 1, torch::kFloat32), ShapeError);
}

TEST(Retina, RefusesImpossibleShapesAndBytesWithoutANormalization) {
  const Batch batch = test::noise_batch(2, 1, 8, 8);
  for (const RetinaShape& shape : {RetinaShape{0, 1}, {4, 0}, {4, 60}}) {
    EXPECT_THROW(Retina(shape, batch, 1, torch::kFloat32), InputError);
  }
  EXPECT_THROW(Retina({4, 1}, batch, 0, torch::kFloat32), InputError);
  Batch bytes = batch;
  bytes.normalization = nullptr;
  EXPECT_THROW(Retina({4, 1}, bytes, 1, torch::kFloat32), ShapeError);
  Batch flat = batch;
  flat.images = batch.images[0];
  EXPECT_THROW(Retina({4, 1}, flat, 1, torch::kFloat32), ShapeError);
}

TEST(Retina, RefusesOtherChannels) {
  Batch batch = test::noise_batch(1, 3, 8, 8);
  batch.images = batch.images.slice(1, 0, 2);
  EXPECT_THROW(Retina({4, 1}, batch, 1, torch::kFloat32), ShapeError);
  Batch mixed = test::as_singles(test::noise_batch(1, 3, 8, 8));
  mixed.singles.push_back(torch::zeros({1, 8, 8}, torch::kUInt8));
  EXPECT_THROW(Retina({4, 1}, mixed, 1, torch::kFloat32), ShapeError);
}

}  // namespace
}  // namespace fovea
