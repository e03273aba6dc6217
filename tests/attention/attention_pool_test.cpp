#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/attention_pool.h>
#include <fovea/attention/context/grid_positions.h>
#include <fovea/attention/context/rotary_pool.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(GridPositionsTest, AreUsedAsStoredOnTheirOwnGrid) {
  const auto stored = drawn({1 + 2 * 3, 4});
  EXPECT_TRUE(torch::equal(resample_positions(stored, {2, 3}, {2, 3}), stored));
}

TEST(GridPositionsTest, KeepPrefixAndAxes) {
  const auto along_x = torch::tensor({0.0, 1.0, 2.0}, torch::kFloat64).repeat({2});
  const auto along_y = torch::tensor({5.0, 7.0}, torch::kFloat64).repeat_interleave(3);
  const auto stored = torch::cat({torch::full({1, 2}, 9.0, torch::kFloat64), torch::stack({along_x, along_y}, 1)});
  const auto resampled = resample_positions(stored, {2, 3}, {4, 5});
  ASSERT_EQ(resampled.sizes(), (std::vector<std::int64_t>{1 + 4 * 5, 2}));
  EXPECT_TRUE(nearly_equal(resampled[0], {9, 9}));
  const auto x = resampled.slice(0, 1).select(1, 0).view({4, 5}), y = resampled.slice(0, 1).select(1, 1).view({4, 5});
  EXPECT_TRUE(torch::allclose(x, x[0].expand({4, 5})));
  EXPECT_TRUE(torch::allclose(y, y.select(1, 0).unsqueeze(1).expand({4, 5})));
  EXPECT_NEAR(x[0][2].item<double>(), 1, 1e-12);  // the middle stays the middle
  EXPECT_GT((x[0].slice(0, 1) - x[0].slice(0, 0, 4)).min().item<double>(), 0);
  EXPECT_NEAR((y[0][0] + y[3][0]).item<double>(), 12, 1e-12);
}

/// Queries and keys are 0: all tokens weigh the same. Values and projection are the identity.
void make_averaging(TokenPool& pool) {
  pool.to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  for (auto& item : pool.named_parameters()) item.value().zero_();
  auto parameters = pool.named_parameters();
  const std::int64_t channels = parameters["proj.weight"].size(0);
  parameters["qkv.weight"].slice(0, 2 * channels).copy_(torch::eye(channels));
  parameters["proj.weight"].copy_(torch::eye(channels));
}

TEST(AttentionPoolTest, TheMeanTokenAndThePositionsMakeTheMean) {
  AttentionPoolImpl pool(pool_point({4, 2, 3}), {});
  make_averaging(pool);
  const auto features = drawn({2, 4, 2, 3});
  const auto run = run_pool(pool, {.features = features});
  EXPECT_TRUE(torch::allclose(run.output, features.mean({2, 3})));  // of which one token is itself the mean
  EXPECT_EQ(run.maps.at(0).prefix_tokens, 1);
  EXPECT_EQ(run.maps.at(0).key_grid, (std::vector<std::int64_t>{2, 3}));
  EXPECT_TRUE(torch::allclose(run.maps.at(0).values, torch::full({2, 1, 1, 7}, 1.0 / 7, torch::kFloat64)));
}

TEST(AttentionPoolTest, AClassTokenIsOneOfTheTokens) {
  AttentionPoolOptions options;
  options.class_token = true;
  AttentionPoolImpl pool(pool_point({4, 2, 3}), options);
  make_averaging(pool);
  set_parameter(pool, "cls_token", {7, 14, 21, 28});
  const auto features = drawn({2, 4, 2, 3});
  const auto expected = features.sum({2, 3}) / 7 + torch::tensor({1.0, 2.0, 3.0, 4.0}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(run_pool(pool, {.features = features}).output, expected));
}

TEST(AttentionPoolTest, PositionsAreAddedToTheirPositions) {
  AttentionPoolImpl pool(pool_point({2, 1, 2}), {});
  make_averaging(pool);
  set_parameter(pool, "pos_embed", {3, 0, 6, 0, 9, 30});
  const auto features = torch::zeros({1, 2, 1, 2}, torch::kFloat64);
  EXPECT_TRUE(nearly_equal(run_pool(pool, {.features = features}).output, {6, 10}));
  EXPECT_EQ(run_pool(pool, {.features = drawn({1, 2, 3, 5})}).output.size(1), 2);  // a grid of another size
  EXPECT_THAT(
      [&] {
        run_pool(pool, {.features = drawn({1, 5, 2})});
      },
      ThrowsMessage<ShapeError>(HasSubstr("expected 2 tokens, as it was built for, got [1, 5, 2]")));
}

TEST(AttentionPoolTest, TheFirstAnswerIsThePools) {
  AttentionPoolImpl pool(pool_point({8, 2, 3}), {});
  draw_parameters(pool);
  const auto features = drawn({2, 8, 2, 3});
  ForwardContext context;
  const auto answers = pool.attend_all(features, context);
  EXPECT_EQ(answers.sizes(), (std::vector<std::int64_t>{2, 7, 8}));
  EXPECT_TRUE(torch::allclose(answers.select(1, 0), run_pool(pool, {.features = features}).output));
}

TEST(AttentionPoolTest, SizesFollowTheOptions) {
  AttentionPoolOptions options;
  options.embed_channels = 12;
  options.projection = false;
  EXPECT_EQ(AttentionPoolImpl(pool_point({8, 2, 3}), options).out_features(), 12);
  options.out_features = 5;
  EXPECT_THROW(AttentionPoolImpl(pool_point({8, 2, 3}), options), InputError);
  options.projection = true;
  EXPECT_EQ(AttentionPoolImpl(pool_point({8, 2, 3}), options).out_features(), 5);
  options.heads = 5;
  EXPECT_THAT(
      [&] {
        AttentionPoolImpl(pool_point({8, 2, 3}), options);
      },
      ThrowsMessage<InputError>(HasSubstr("attention_pool: heads: expected a divisor of the 12 channels, got 5")));
  options.heads = 3;
  options.head_channels = 4;
  EXPECT_THAT(
      [&] {
        AttentionPoolImpl(pool_point({8, 2, 3}), options);
      },
      ThrowsMessage<InputError>(HasSubstr("expected no head_channels beside it")));
  EXPECT_THROW(AttentionPoolImpl(pool_point({96, 2, 3}), {}), InputError);  // heads of 64
}

TEST(RotaryPoolTest, KeysTurnByTheirPlace) {
  RotaryPoolOptions options;
  options.reference_grid = {4, 9};
  RotaryPoolImpl pool(pool_point({4, 2, 3}), options);
  make_averaging(pool);
  set_parameter(pool, "qkv.bias", {1, 0, 2, 0, 1, 0, 1, 0, 0, 0, 0, 0});  // queries (1, 0, 2, 0), keys (1, 0, 1, 0)
  const auto weights = run_pool(pool, {.features = drawn({1, 4, 2, 3})}).maps.at(0).values.flatten();
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 3; ++column) {
      // One pair for each axis, both of frequency 1, turned by 4 / 2 and 9 / 3 a position; scores are halved: sqrt(4).
      const double score = (std::cos(2.0 * row) + 2 * std::cos(3.0 * column)) / 2;
      const double lead = std::log((weights[1 + 3 * row + column] / weights[0]).item<double>());
      EXPECT_NEAR(lead, score - 1.5, 1e-12) << row << ", " << column;
    }
  }
}

TEST(RotaryPoolTest, RefusesWhatItCannotTurn) {
  EXPECT_THAT(
      [] {
        RotaryPoolImpl(pool_point({6, 2, 3}), {});
      },
      ThrowsMessage<InputError>(HasSubstr("rotary_pool: expected heads of a multiple of 4 features, got 6")));
  RotaryPoolImpl pool(pool_point({4, 2, 3}), {});
  EXPECT_THAT(
      [&] {
        run_pool(pool, {.features = torch::zeros({2, 6, 4})});
      },
      ThrowsMessage<ShapeError>(HasSubstr("expected [N, 4, H, W], got [2, 6, 4]")));
}

TEST(AttentionPoolTest, IsBuiltFromAShapeToo) {
  const AttentionPoolOptions options{.heads = 2, .class_token = true};
  expect_twins(
      [&] {
        return std::make_shared<AttentionPoolImpl>(FeatureShape{4, 2, 3}, options);
      },
      [&] {
        return std::make_shared<AttentionPoolImpl>(pool_point({4, 2, 3}), options);
      });
  EXPECT_GT(AttentionPoolImpl({4, 2, 3}).named_parameters()["pos_embed"].abs().min().item<double>(), 0);
  EXPECT_THROW(AttentionPoolImpl({4, 2, 3}, {.dropout = 1}), InputError);
  EXPECT_THROW(AttentionPoolImpl({4, 2, 3}, {.head_channels = 0}), InputError);
  EXPECT_THROW(AttentionPoolImpl({4, 0, 3}), InputError);
}

TEST(RotaryPoolTest, IsBuiltFromAPlainNumberToo) {
  const RotaryPoolOptions options{.qkv_separate = true, .reference_grid = {4, 9}};
  expect_twins([&] { return std::make_shared<RotaryPoolImpl>(8, options); },
               [&] {
                 return std::make_shared<RotaryPoolImpl>(pool_point({8, 2, 3}), options);
               });
  EXPECT_THROW(RotaryPoolImpl(8, {.reference_grid = {0}}), InputError);
  EXPECT_THROW(RotaryPoolImpl(8, {.reference_grid = {}}), InputError);
  EXPECT_THROW(RotaryPoolImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
