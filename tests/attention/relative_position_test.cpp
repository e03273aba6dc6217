#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/relative_position.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

TEST(RelativePositionTest, CountsFromTheQueryToTheKey) {
  RelativePositionImpl position(/*height=*/2, /*width=*/3, /*channels=*/1);
  set_parameter(position, "height_rel", {1, 2, 3});            // distances -1, 0, 1
  set_parameter(position, "width_rel", {10, 20, 30, 40, 50});  // distances -2 ... 2
  const auto queries = torch::tensor({1.0, 1.0, 1.0, 1.0, 1.0, 2.0}, torch::kFloat64).view({1, 2, 3, 1});
  const auto scores = position.scores(queries);
  ASSERT_EQ(scores.sizes(), (std::vector<std::int64_t>{1, 6, 6}));
  EXPECT_TRUE(nearly_equal(scores[0][0], {32, 42, 52, 33, 43, 53}));  // from the upper left
  EXPECT_TRUE(nearly_equal(scores[0][4], {21, 31, 41, 22, 32, 42}));  // from the middle of the lower row
  EXPECT_TRUE(nearly_equal(scores[0][5], {22, 42, 62, 24, 44, 64}));  // a query twice as large
}

TEST(RelativePositionTest, QueriesMayBeFewerThanKeys) {
  RelativePositionImpl position(/*height=*/1, /*width=*/3, /*channels=*/1);
  set_parameter(position, "height_rel", {0});
  set_parameter(position, "width_rel", {10, 20, 30, 40, 50});
  EXPECT_TRUE(nearly_equal(position.scores(torch::ones({1, 1, 2, 1}, torch::kFloat64)), {30, 40, 50, 20, 30, 40}));
}

TEST(RelativePositionTest, ScalingReachesPositionsOnlyOnDemand) {
  RelativePositionImpl position(1, 2, 4);
  set_parameter(position, "height_rel", {0, 0, 0, 0});
  set_parameter(position, "width_rel", {0, 0, 0, 0, 0, 0, 0, 0, 2 * std::log(3), 0, 0, 0});
  auto queries = torch::zeros({1, 1, 2, 4}, torch::kFloat64);
  queries.select(3, 0).fill_(1);
  const auto keys = torch::zeros({1, 2, 4}, torch::kFloat64);
  const auto weights = [&](bool scaled) { return relative_attention(queries, keys, &position, scaled); };
  EXPECT_TRUE(nearly_equal(weights(true), {0.25, 0.75, 0.5, 0.5}));  // sqrt(4) halves the score of the key to the right
  EXPECT_TRUE(nearly_equal(weights(false), {0.1, 0.9, 0.5, 0.5}));
  EXPECT_TRUE(nearly_equal(relative_attention(queries, keys, nullptr, true), {0.5, 0.5, 0.5, 0.5}));
}

TEST(RelativePositionTest, StartsReadyForUseAndIsCloned) {
  const RelativePositionImpl position(/*height=*/2, /*width=*/3, /*channels=*/4);
  EXPECT_GT(position.named_parameters()["width_rel"].abs().min().item<double>(), 0);
  expect_clone(position);
  EXPECT_THROW(RelativePositionImpl(0, 3, 4), InputError);
}

}  // namespace
}  // namespace fovea
