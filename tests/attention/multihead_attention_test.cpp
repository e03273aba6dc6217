#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/multihead_attention.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

/// One head, one channel, all projections 1.
MultiheadAttentionImpl plain_attention(bool extra_key = false) {
  MultiheadAttentionImpl attention(1, {.extra_key = extra_key});
  set_parameter(attention, "in_proj_weight", {1, 1, 1});
  set_parameter(attention, "in_proj_bias", {0, 0, 0});
  set_parameter(attention, "out_proj.weight", {1});
  set_parameter(attention, "out_proj.bias", {0});
  return attention;
}

torch::Tensor token_row(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64).view({1, -1, 1});
}

AttentionResult look_up(MultiheadAttentionImpl& attention, const AttentionMasks& masks) {
  ForwardContext context;
  return attention.forward(token_row({1}), token_row({0, 0, 0}), token_row({3, 6, 9}), context, masks);
}

TEST(MultiheadAttentionTest, MasksShutKeysOut) {
  auto attention = plain_attention();
  EXPECT_TRUE(nearly_equal(look_up(attention, {}).output, {6}));
  const auto last = torch::tensor({{0, 0, 1}});
  EXPECT_TRUE(nearly_equal(look_up(attention, {.keys = last}).output, {4.5}));
  EXPECT_TRUE(nearly_equal(look_up(attention, {.scores = last.to(torch::kBool)}).weights, {0.5, 0.5, 0}));
  const auto bias = torch::tensor({{0.0, std::log(2.0), 0.0}}, torch::kFloat64);
  EXPECT_TRUE(nearly_equal(look_up(attention, {.scores = bias}).weights, {0.25, 0.5, 0.25}));
  EXPECT_TRUE(nearly_equal(look_up(attention, {.scores = bias, .keys = last}).weights, {1 / 3.0, 2 / 3.0, 0}));
}

TEST(MultiheadAttentionTest, NoMaskReachesTheExtraKey) {
  auto attention = plain_attention(/*extra_key=*/true);
  set_parameter(attention, "bias_k", {0});
  set_parameter(attention, "bias_v", {42});
  EXPECT_TRUE(nearly_equal(look_up(attention, {}).output, {(3 + 6 + 9 + 42) / 4.0}));
  EXPECT_TRUE(nearly_equal(look_up(attention, {.keys = torch::ones({1, 3}, torch::kLong)}).output, {42}));
}

TEST(MultiheadAttentionTest, StartsAsInPyTorch) {
  MultiheadAttentionImpl attention(64, {.heads = 4, .key_channels = 32, .extra_key = true});
  initialise(attention, 1);
  auto parameters = attention.named_parameters();
  const auto largest = [&](const char* name) { return parameters[name].abs().max().item<double>(); };
  // Thousands of uniform draws come close to their bound.
  EXPECT_NEAR(largest("q_proj_weight"), std::sqrt(6.0 / (64 + 64)), 1e-3);
  EXPECT_NEAR(largest("k_proj_weight"), std::sqrt(6.0 / (64 + 32)), 1e-3);
  EXPECT_EQ(largest("in_proj_bias"), 0);
  EXPECT_EQ(largest("out_proj.bias"), 0);
  EXPECT_GT(largest("bias_k"), 0);
}

TEST(MultiheadAttentionTest, RefusesWhatDoesNotFit) {
  auto attention = plain_attention();
  ForwardContext context;
  EXPECT_THROW(attention.forward(token_row({1}), token_row({0, 0}), token_row({3}), context), ShapeError);
  EXPECT_THROW(attention.forward(token_row({1}), torch::ones({1, 2, 2}, torch::kFloat64), token_row({3, 4}), context),
               ShapeError);
  EXPECT_THROW(MultiheadAttentionImpl(10, {.heads = 4}), InputError);
}

TEST(MultiheadAttentionTest, RefusesMasksOfOtherShapes) {
  auto attention = plain_attention();
  const auto refusal = [&](const AttentionMasks& masks) -> std::string {
    try {
      look_up(attention, masks);
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "no ShapeError";
  };
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{3}, {2, 3}, {1, 4}, {2, 1, 3}, {1, 1, 1, 3}}) {
    EXPECT_THAT(refusal({.scores = torch::zeros(shape)}), testing::HasSubstr("a mask of the scores [1, 3] or [1, 1, 3]"));
  }
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{3}, {2, 3}, {1, 1}, {1, 1, 3}}) {
    EXPECT_THAT(refusal({.keys = torch::zeros(shape)}), testing::HasSubstr("a mask of the keys [1, 3]"));
  }
}

TEST(MultiheadAttentionTest, StartsReadyForUseAndIsCloned) {
  MultiheadAttentionImpl attention(8, {.heads = 2, .key_channels = 4, .extra_key = true});
  EXPECT_GT(attention.named_parameters()["q_proj_weight"].abs().max().item<double>(), 0);
  expect_clone(attention);
  EXPECT_THROW(MultiheadAttentionImpl(8, {.heads = 0}), InputError);
  EXPECT_THROW(MultiheadAttentionImpl(8, {.key_channels = -1}), InputError);
  EXPECT_THROW(MultiheadAttentionImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
