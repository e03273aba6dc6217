#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/luong_local.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "gradient_check.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const FeatureShape kGrid{1, 5, 7};

/// A pool that scores all positions alike, so that only where they are counts.
std::unique_ptr<LuongLocalImpl> impartial_pool(LocalMode mode, std::int64_t window) {
  LuongLocalOptions options;
  options.mode = mode;
  options.window = window;
  auto pool = std::make_unique<LuongLocalImpl>(pool_point(kGrid), options);
  set_parameter(*pool, "W_a.weight", {0});
  return pool;
}

/// 5 x 7, with `value` from rows [top, bottom] and columns [left, right] and 0 elsewhere.
torch::Tensor block_of_positions(int top, int bottom, int left, int right, double value) {
  auto map = torch::zeros({1, 5, 7}, torch::kFloat64);
  map.slice(1, top, bottom + 1).slice(2, left, right + 1).fill_(value);
  return map;
}

torch::Tensor weights_at(LuongLocalImpl& pool, const torch::Tensor& position) {
  return run_pool(pool, {.features = drawn({1, 1, 5, 7}), .position = position}).maps.at(0).values;
}

TEST(LuongLocalTest, MonotonicLooksAroundAColumnAndRow) {
  const auto pool = impartial_pool(LocalMode::monotonic, 1);
  const auto at = [&](double x, double y) { return weights_at(*pool, torch::tensor({{x, y}}, torch::kFloat64)); };
  EXPECT_TRUE(torch::allclose(at(5, 2), block_of_positions(1, 3, 4, 6, 1.0 / 9)));
  EXPECT_TRUE(torch::allclose(at(0, 0), block_of_positions(0, 1, 0, 1, 0.25)));
  EXPECT_TRUE(torch::allclose(at(6, 0), block_of_positions(0, 1, 5, 6, 0.25)));
  EXPECT_TRUE(torch::allclose(at(2.5, 3), block_of_positions(2, 4, 2, 3, 1.0 / 6)));  // half a position from columns 2 and 3
  EXPECT_TRUE(torch::allclose(at(-5, 100), block_of_positions(3, 4, 0, 1, 0.25)));    // as at the nearest position
}

TEST(LuongLocalTest, MonotonicLooksAtTheMiddleWhenNobodySaysWhere) {
  EXPECT_TRUE(
      torch::allclose(weights_at(*impartial_pool(LocalMode::monotonic, 1), {}), block_of_positions(1, 3, 2, 4, 1.0 / 9)));
}

TEST(LuongLocalTest, PredictiveHasAGaussianAroundItsCentre) {
  const auto pool = impartial_pool(LocalMode::predictive, 2);
  set_parameter(*pool, "v_p.weight", {0, 0});  // half way along both axes: (3.5, 2.5)
  const auto run = run_pool(*pool, {.features = drawn({1, 1, 5, 7})});
  auto expected = block_of_positions(1, 4, 2, 5, 1.0 / 16);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 7; ++x) {
      const double distance = (x - 3.5) * (x - 3.5) + (y - 2.5) * (y - 2.5);
      expected[0][y][x] *= std::exp(-distance / 2);  // deviation: half of the window
    }
  }
  EXPECT_TRUE(torch::allclose(run.maps.at(0).values, expected, 1e-12, 1e-12));
  EXPECT_EQ(run.maps.at(0).meaning, Meaning::gate);
  EXPECT_LT(expected.sum().item<double>(), 0.9);  // they do not sum to one
}

TEST(LuongLocalTest, PredictedCentreHasTheLengthOfEachAxis) {
  const auto pool = impartial_pool(LocalMode::predictive, 2);
  set_parameter(*pool, "W_p.weight", {1});
  set_parameter(*pool, "v_p.weight", {2, -1});
  const Positions positions = positions_of(*pool, drawn({1, 1, 5, 7}), 1);
  const double query = 0.8;
  const auto centre = pool->centre(positions, torch::tensor({{query}}, torch::kFloat64), {});
  const auto part = [&](double row) { return 1 / (1 + std::exp(-row * std::tanh(query))); };
  EXPECT_TRUE(nearly_equal(centre, {7 * part(2), 5 * part(-1)}));
}

TEST(LuongLocalTest, TheCentreLearns) {
  const auto pool = impartial_pool(LocalMode::predictive, 2);
  draw_parameters(*pool);
  const auto features = drawn({2, 1, 5, 7});
  auto parameters = pool->named_parameters();
  expect_gradients_match([&] { return run_pool(*pool, {.features = features}).output; },
                         {{"W_p", parameters["W_p.weight"]}, {"v_p", parameters["v_p.weight"]}});
  run_pool(*pool, {.features = features}).output.sum().backward();
  EXPECT_GT(parameters["v_p.weight"].grad().abs().min().item<double>(), 1e-6);
}

TEST(LuongLocalTest, TokensAreASequence) {
  LuongLocalOptions options;
  options.mode = LocalMode::monotonic;
  options.window = 1;
  LuongLocalImpl pool(pool_point(kGrid), options);
  set_parameter(pool, "W_a.weight", {0});
  const auto run = run_pool(pool, {.features = drawn({2, 6, 1}), .position = torch::tensor({0.0, 3.0}, torch::kFloat64)});
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, {0.5, 0.5, 0, 0, 0, 0, 0, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 0}));
}

TEST(LuongLocalTest, RefusesWhatDoesNotFit) {
  const auto pool = impartial_pool(LocalMode::monotonic, 1);
  EXPECT_THAT([&] { weights_at(*pool, torch::zeros({1})); },
              ThrowsMessage<ShapeError>(HasSubstr("expected a position [1, 2], got [1]")));
  EXPECT_THROW(weights_at(*pool, torch::zeros({2, 2})), ShapeError);
  const auto predictive = impartial_pool(LocalMode::predictive, 1);
  EXPECT_THAT(
      [&] {
        run_pool(*predictive, {.features = drawn({2, 6, 1})});
      },
      ThrowsMessage<ShapeError>(HasSubstr("as the centre has two axes, got tokens [2, 6, 1]")));
  LuongLocalOptions options;
  options.mode = LocalMode::monotonic;
  options.hidden = 4;
  EXPECT_THROW(LuongLocalImpl(pool_point(kGrid), options), InputError);
}

TEST(LuongLocalTest, IsBuiltFromAPlainNumberToo) {
  expect_twins([] { return std::make_shared<LuongLocalImpl>(1); },
               [] { return std::make_shared<LuongLocalImpl>(pool_point(kGrid)); });
  const FeatureShape sequence{4, 1, 6};
  expect_twins([&] { return std::make_shared<LuongLocalImpl>(sequence); },
               [&] { return std::make_shared<LuongLocalImpl>(pool_point(sequence)); });
  EXPECT_THROW(LuongLocalImpl(4, {.window = 0}), InputError);
  EXPECT_THROW(LuongLocalImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
