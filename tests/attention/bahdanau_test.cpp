#include <cmath>
#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/bahdanau.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

TEST(BahdanauTest, TwoPositionsByHand) {
  BahdanauOptions options;
  options.hidden = 1;
  BahdanauImpl pool(pool_point({1, 1, 2}, 1), options);
  set_parameter(pool, "W.weight", {3});
  set_parameter(pool, "U.weight", {-1});
  set_parameter(pool, "v.weight", {2});
  const double query = 0.5, first = 1, second = 4;
  const auto run =
      run_pool(pool, {.features = channels_of({{first, second}}), .query = torch::tensor({{query}}, torch::kFloat64)});
  const double lead = 2 * std::tanh(3 * query - first) - 2 * std::tanh(3 * query - second);
  const double weight = 1 / (1 + std::exp(-lead));  // of the first
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, {weight, 1 - weight}));
  EXPECT_TRUE(nearly_equal(run.output, {weight * first + (1 - weight) * second}));
}

TEST(BahdanauTest, UsesTheMeanOfThePositionsByDefault) {
  const auto features = drawn({2, 4, 2, 3});
  BahdanauImpl own(pool_point({4, 2, 3}), {});
  BahdanauImpl asked(pool_point({4, 2, 3}, 4), {});
  draw_parameters(own);
  draw_parameters(asked);
  const auto expected = run_pool(asked, {.features = features, .query = features.mean({2, 3})}).output;
  EXPECT_TRUE(torch::equal(run_pool(own, {.features = features}).output, expected));
}

TEST(BahdanauTest, IsBuiltFromAPlainNumberToo) {
  const BahdanauOptions options{.hidden = 3, .query = QuerySource::learned};
  expect_twins([&] { return std::make_shared<BahdanauImpl>(4, options); },
               [&] {
                 return std::make_shared<BahdanauImpl>(pool_point({4, 2, 3}), options);
               });
  EXPECT_THROW(BahdanauImpl(4, {.hidden = -1}), InputError);
  EXPECT_THROW(BahdanauImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
