#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/bahdanau.h>
#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/registry.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const FeatureShape kSixPositions{4, 2, 3};

TEST(PoolQueryTest, IsTheMeanTheParameterOrWhatIsGiven) {
  const auto positions = drawn({2, 6, 4});
  PoolQueryImpl mean(pool_point(kSixPositions), QuerySource::mean);
  EXPECT_TRUE(torch::equal(mean.forward({}, positions), positions.mean(1)));
  EXPECT_TRUE(mean.parameters().empty());

  PoolQueryImpl learned(pool_point(kSixPositions), QuerySource::learned);
  EXPECT_TRUE(torch::equal(learned.forward({}, positions), torch::zeros({2, 4})));
  set_parameter(learned, "vector", {1, 2, 3, 4});
  EXPECT_TRUE(nearly_equal(learned.forward({}, positions), {1, 2, 3, 4, 1, 2, 3, 4}));
  initialise(learned, 1);
  EXPECT_TRUE(torch::equal(learned.parameters().front(), torch::zeros({4}, torch::kFloat64)));

  PoolQueryImpl outside(pool_point(kSixPositions, 5), QuerySource::mean);
  const auto given = drawn({2, 5});
  EXPECT_EQ(outside.features(), 5);
  EXPECT_TRUE(torch::equal(outside.forward(given, positions), given));
}

TEST(PoolQueryTest, RefusesWhatDoesNotFit) {
  const auto positions = drawn({2, 6, 4});
  PoolQueryImpl outside(pool_point(kSixPositions, 5), QuerySource::mean);
  EXPECT_THAT([&] { outside.forward({}, positions); },
              ThrowsMessage<ShapeError>(HasSubstr("expected a query [2, 5], got none")));
  EXPECT_THAT([&] { outside.forward(drawn({2, 4}), positions); }, ThrowsMessage<ShapeError>(HasSubstr("got [2, 4]")));
  EXPECT_THROW(outside.forward(drawn({1, 5}), positions), ShapeError);
  PoolQueryImpl own(pool_point(kSixPositions), QuerySource::mean);
  EXPECT_THAT(
      [&] {
        own.forward(drawn({2, 4}), positions);
      },
      ThrowsMessage<ShapeError>(HasSubstr("expected no query, as the pool has its own, got [2, 4]")));
  EXPECT_THAT([&] { PoolQueryImpl(pool_point(kSixPositions, 5), QuerySource::learned); },
              ThrowsMessage<InputError>(HasSubstr("query: expected 'mean'")));
  EXPECT_THAT([&] { BahdanauImpl(pool_point(kSixPositions, 5), BahdanauOptions{.query = QuerySource::learned}); },
              ThrowsMessage<InputError>(HasSubstr("bahdanau: query: expected 'mean'")));
}

std::shared_ptr<Pool> registered_pool(const std::string& name, const InsertionPoint& point) {
  const MechanismRow& row = find_mechanism(name, "test");
  const auto pool = std::get<PoolBuilder>(row.build)(*row.make_options(), point);
  draw_parameters(*pool);
  return pool;
}

TEST(ContextPools, UseTheQueryOfTheNetwork) {
  const auto features = drawn({2, 4, 2, 3});
  for (const char* name : {"bahdanau", "luong", "luong_local"}) {
    const auto pool = registered_pool(name, pool_point(kSixPositions, 5));
    const auto first = run_pool(*pool, {.features = features, .query = drawn({2, 5}, 2)});
    const auto second = run_pool(*pool, {.features = features, .query = drawn({2, 5}, 3)});
    EXPECT_FALSE(torch::allclose(first.maps.at(0).values, second.maps.at(0).values)) << name;
  }
}

TEST(ContextPools, WithAQueryOfTheirOwnRefuseAnother) {
  for (const char* name : {"learned_query", "attention_pool", "rotary_pool", "latent_pool", "class_attention"}) {
    EXPECT_THAT(
        [&] {
          registered_pool(name, pool_point({8, 2, 3}, 5));
        },
        ThrowsMessage<InputError>(HasSubstr("expected an insertion point without a query from the network")))
        << name;
  }
}

TEST(ContextPools, ReadTokensAsThePositionsOfAGrid) {
  const auto features = drawn({2, 8, 2, 3});
  const auto tokens = features.flatten(2).transpose(1, 2);
  for (const char* name :
       {"bahdanau", "luong", "learned_query", "attention_pool", "latent_pool", "class_attention", "ltpa"}) {
    const auto pool = registered_pool(name, pool_point({8, 2, 3}));
    const auto on_grid = run_pool(*pool, {.features = features, .stages = {features}});
    const auto on_tokens = run_pool(*pool, {.features = tokens, .stages = {tokens}});
    EXPECT_TRUE(torch::allclose(on_grid.output, on_tokens.output, 1e-12, 1e-12)) << name;
    EXPECT_EQ(on_tokens.maps.at(0).kind, MapKind::pairwise) << name;
    EXPECT_TRUE(on_tokens.maps.at(0).key_grid.empty()) << name;
    EXPECT_TRUE(torch::allclose(on_grid.maps.at(0).values.flatten(), on_tokens.maps.at(0).values.flatten())) << name;
  }
}

TEST(PoolQueryTest, IsCloned) {
  PoolQueryImpl learned(pool_point(kSixPositions), QuerySource::learned);
  set_parameter(learned, "vector", {1, 2, 3, 4});
  expect_clone(learned);
  const PoolQueryImpl given(pool_point(kSixPositions, 5), QuerySource::mean);
  EXPECT_EQ(std::dynamic_pointer_cast<PoolQueryImpl>(given.clone())->features(), 5);
}

}  // namespace
}  // namespace fovea
