#include <cmath>
#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/learned_query.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

TEST(LearnedQueryTest, StartsAsGlobalAveragePooling) {
  LearnedQueryImpl pool(pool_point({4, 2, 3}), {});
  initialise(pool, 5);
  const auto features = drawn({2, 4, 2, 3}).to(torch::kFloat32);
  EXPECT_TRUE(torch::allclose(run_pool(pool, {.features = features}).output, features.mean({2, 3})));
}

TEST(LearnedQueryTest, EveryHeadHasWeightsOfItsOwn) {
  LearnedQueryOptions options;
  options.heads = 2;
  LearnedQueryImpl pool(pool_point({2, 1, 2}), options);
  set_parameter(pool, "query", {std::log(3.0), 0});
  const auto run = run_pool(pool, {.features = channels_of({{0, 1}, {2, 6}})});
  EXPECT_EQ(run.maps.at(0).kind, MapKind::pairwise);
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, {0.25, 0.75, 0.5, 0.5}));
  EXPECT_TRUE(nearly_equal(run.output, {0.75, 4}));
}

TEST(LearnedQueryTest, ScoresAreScaledByTheRootOfTheChannels) {
  LearnedQueryImpl pool(pool_point({4, 1, 2}), {});
  set_parameter(pool, "query", {2 * std::log(3.0), 0, 0, 0});  // sqrt(4) log 3
  const auto run = run_pool(pool, {.features = channels_of({{0, 1}, {0, 0}, {0, 0}, {0, 0}})});
  EXPECT_EQ(run.maps.at(0).kind, MapKind::spatial);
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, {0.25, 0.75}));
}

TEST(LearnedQueryTest, IsBuiltFromAPlainNumberToo) {
  const LearnedQueryOptions options{.heads = 2};
  expect_twins([&] { return std::make_shared<LearnedQueryImpl>(4, options); },
               [&] {
                 return std::make_shared<LearnedQueryImpl>(pool_point({4, 2, 3}), options);
               });
  EXPECT_THROW(LearnedQueryImpl(4, {.heads = 0}), InputError);
  EXPECT_THROW(LearnedQueryImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
