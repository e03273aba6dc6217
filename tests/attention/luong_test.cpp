#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/luong.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

LuongOptions luong_options(LuongScore score) {
  LuongOptions options;
  options.score = score;
  return options;
}

TEST(LuongTest, TwoPositionsByHand) {
  LuongImpl pool(pool_point({1, 1, 2}), luong_options(LuongScore::dot));
  set_parameter(pool, "W_c.weight", {0.5, -0.25});  // of the context, then of the query
  const auto run = run_pool(pool, {.features = channels_of({{1, 3}})});
  const double query = 2, weight = 1 / (1 + std::exp(query * (1 - 3)));  // of the second; the query is the mean
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, {1 - weight, weight}));
  EXPECT_TRUE(nearly_equal(run.output, {std::tanh(0.5 * (1 + 2 * weight) - 0.25 * query)}));
}

TEST(LuongTest, LocationScoresDoNotLookAtThePositions) {
  LuongImpl pool(pool_point({4, 2, 3}, 5), luong_options(LuongScore::location));
  draw_parameters(pool);
  const auto query = drawn({2, 5});
  const auto first = run_pool(pool, {.features = drawn({2, 4, 2, 3}, 2), .query = query});
  const auto second = run_pool(pool, {.features = drawn({2, 4, 2, 3}, 3), .query = query});
  EXPECT_TRUE(torch::equal(first.maps.at(0).values, second.maps.at(0).values));
  EXPECT_FALSE(torch::allclose(first.output, second.output));
  EXPECT_THAT(
      [&] {
        run_pool(pool, {.features = drawn({2, 4, 3, 3}), .query = query});
      },
      ThrowsMessage<ShapeError>(HasSubstr("expected 6 positions, as it was built for, got [2, 9, 4]")));
}

TEST(LuongTest, RefusesOptionsThatDoNotFit) {
  EXPECT_THAT(
      [] {
        LuongImpl(pool_point({4, 2, 3}, 5), luong_options(LuongScore::dot));
      },
      ThrowsMessage<InputError>(HasSubstr("luong: score: expected general or concat for a query of 5 features")));
  LuongOptions options;
  options.hidden = 8;
  EXPECT_THAT(
      [&] {
        LuongImpl(pool_point({4, 2, 3}), options);
      },
      ThrowsMessage<InputError>(HasSubstr("luong: hidden: expected 0 with a score other than concat, got 8")));
}

TEST(LuongTest, IsBuiltFromAPlainNumberToo) {
  const LuongOptions options{.score = LuongScore::concat, .hidden = 3, .out_features = 5};
  expect_twins([&] { return std::make_shared<LuongImpl>(4, options); },
               [&] {
                 return std::make_shared<LuongImpl>(pool_point({4, 2, 3}), options);
               });
  const auto location = luong_options(LuongScore::location);
  expect_twins(
      [&] {
        return std::make_shared<LuongImpl>(FeatureShape{4, 2, 3}, location);
      },
      [&] {
        return std::make_shared<LuongImpl>(pool_point({4, 2, 3}), location);
      });
  EXPECT_THROW(LuongImpl(4, location), InputError);  // of how many positions?
  EXPECT_THROW(LuongImpl(4, {.out_features = -1}), InputError);
  EXPECT_THROW(LuongImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
