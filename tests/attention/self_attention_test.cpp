#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/self_attention.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

/// One head and one channel, whose query and value are the token and whose key is ten times as much.
SelfAttentionOptions one_head() {
  SelfAttentionOptions options;
  options.heads = 1;
  options.proj_bias = false;
  return options;
}

SelfAttentionImpl single_channel(const SelfAttentionOptions& options) {
  SelfAttentionImpl attention(1, 1, options);
  set_parameter(attention, "qkv.weight", {1, 10, 1});
  set_parameter(attention, "proj.weight", {1});
  return attention;
}

torch::Tensor three_tokens() {
  return torch::tensor({1.0, 2.0, 100.0}, torch::kFloat64).view({1, 3, 1});
}

TEST(SelfAttentionTest, OneHugeKeyIsAllThatIsSeen) {
  auto attention = single_channel(one_head());
  ForwardContext context;
  EXPECT_TRUE(nearly_equal(attention.forward(three_tokens(), context), {100, 100, 100}));
}

TEST(SelfAttentionTest, TheGateMultipliesWhatTheHeadsGather) {
  auto options = one_head();
  options.gated = true;
  auto attention = single_channel(options);
  set_parameter(attention, "gate.weight", {0});
  ForwardContext context;
  EXPECT_TRUE(nearly_equal(attention.forward(three_tokens(), context), {50, 50, 50}));
  set_parameter(attention, "gate.weight", {-1000});
  EXPECT_TRUE(nearly_equal(attention.forward(three_tokens(), context), {0, 0, 0}));
}

TEST(SelfAttentionTest, MapsSayWhereTheTokensLie) {
  auto attention = single_channel(one_head());
  AttentionRecorder recorder(attention);
  ForwardContext context;
  context.hooks = &recorder;
  attention.forward(three_tokens(), context, {.grid = {1, 2}, .prefix_tokens = 1});
  const AttentionMap& map = recorder.maps.at(0);
  EXPECT_EQ(map.values.sizes(), (std::vector<std::int64_t>{1, 1, 3, 3}));
  EXPECT_EQ(map.query_grid, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(map.key_grid, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(map.prefix_tokens, 1);
}

TEST(SelfAttentionTest, RefusesWhatDoesNotFit) {
  auto attention = single_channel(one_head());
  ForwardContext context;
  EXPECT_THROW(attention.forward(torch::ones({1, 3, 2}, torch::kFloat64), context), ShapeError);
  EXPECT_THROW(attention.forward(torch::ones({1, 1, 3, 1}, torch::kFloat64), context), ShapeError);
  EXPECT_THROW(SelfAttentionImpl(12, 12, {}), InputError);  // 8 heads
}

TEST(GridSelfAttentionTest, PositionsThatTradePlacesTradeResults) {
  GridSelfAttentionImpl mixer({.kind = InsertionKind::conv, .in = {8, 3, 4}, .out_channels = 6, .path = "mhsa"}, {});
  initialise(mixer, 1);
  auto features = torch::empty({2, 8, 3, 4}, torch::kFloat64);
  fill_normal(features, RandomStream(2, Purpose::test), 1.0);
  const auto run = run_mixer(mixer, features);
  EXPECT_EQ(run.output.sizes(), (std::vector<std::int64_t>{2, 6, 3, 4}));
  EXPECT_EQ(run.maps.at(0).layer, "attn");
  const auto turned = run_mixer(mixer, features.flip({2, 3})).output.flip({2, 3});
  EXPECT_TRUE(torch::allclose(turned, run.output, 1e-12, 1e-12));
  EXPECT_FALSE(torch::allclose(run.output, run.output.flip({2, 3})));
}

TEST(SelfAttentionTest, GoesIntoSequentialAndIsCloned) {
  SelfAttention attention(8, 6, SelfAttentionOptions{.heads = 2, .qk_norm = true, .scale_norm = true, .gated = true});
  expect_clone(*attention);
  const auto tokens = torch::ones({2, 3, 8});
  EXPECT_TRUE(torch::equal(torch::nn::Sequential(attention)->forward(tokens), attention(tokens)));
  EXPECT_THROW(SelfAttentionImpl(8, 8, {.heads = 0}), InputError);
  EXPECT_THROW(SelfAttentionImpl(8, 0), InputError);
}

TEST(GridSelfAttentionTest, IsBuiltFromPlainNumbersToo) {
  const SelfAttentionOptions options{.heads = 2};
  expect_twins([&] { return std::make_shared<GridSelfAttentionImpl>(8, 6, options); },
               [&] {
                 const InsertionPoint point{.kind = InsertionKind::conv, .in = {8, 3, 4}, .out_channels = 6};
                 return std::make_shared<GridSelfAttentionImpl>(point, options);
               });
  EXPECT_THROW(GridSelfAttentionImpl(8, 6, {.heads = 0}), InputError);
  EXPECT_THROW(GridSelfAttentionImpl(0, 6), InputError);
}

TEST(SelfAttentionTest, AnEpsilonOutOfItsRangeIsRefused) {
  for (const double epsilon : {0.0, -1.0, 2.0, std::nan("")}) {
    EXPECT_THAT([&] { SelfAttentionImpl(8, 8, {}, epsilon); },
                testing::ThrowsMessage<InputError>(testing::HasSubstr("SelfAttention: norm_epsilon: expected a number")));
  }
}

}  // namespace
}  // namespace fovea
