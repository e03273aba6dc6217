#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/lambda_layer.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "plain_norms.h"
#include "twin_check.h"

namespace fovea {
namespace {

LambdaLayerImpl small_layer(std::int64_t receptive_field, std::int64_t out_channels) {
  LambdaLayerOptions options;
  options.heads = 2;
  options.head_channels = 1;
  options.receptive_field = receptive_field;
  return LambdaLayerImpl({.kind = InsertionKind::conv, .in = {1, 1, 3}, .out_channels = out_channels, .path = "lambda"},
                         options);
}

TEST(LambdaLayerTest, GivesOtherChannelsThanArrive) {
  auto layer = small_layer(3, 4);
  make_norms_plain(layer);
  set_parameter(layer, "qkv.weight", {1, 2, 0, 1, 10});  // a query of each head, the key, two values
  set_parameter(layer, "conv_lambda.weight", std::vector<double>(9, 0));
  set_parameter(layer, "conv_lambda.bias", {0});
  const auto run = run_mixer(layer, channels_of({{1, 2, 6}}));
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {1 / 3.0, 1 / 3.0, 1 / 3.0}));
  // Values sum up to (3, 30); head by head the positions apply that to x, then to 2 x.
  EXPECT_TRUE(nearly_equal(run.output, {3, 6, 18, 30, 60, 180, 6, 12, 36, 60, 120, 360}));
}

TEST(LambdaLayerTest, PositionsCountFromTheQueryToTheContext) {
  for (const std::int64_t receptive_field : {5, 0}) {
    auto layer = small_layer(receptive_field, 2);
    make_norms_plain(layer);
    set_parameter(layer, "qkv.weight", {1, 1, 0, 1});
    if (receptive_field == 0) {
      set_parameter(layer, "pos_emb", {0, 0, 0, 1, 0});  // the position to the right
    } else {
      std::vector<double> weight(25, 0);
      weight[2 * 5 + 3] = 1;
      set_parameter(layer, "conv_lambda.weight", weight);
      set_parameter(layer, "conv_lambda.bias", {0});
    }
    const auto run = run_mixer(layer, channels_of({{1, 2, 6}}));
    const std::vector<double> one_head{1 * (3 + 2), 2 * (3 + 6), 6 * 3};  // x (mean + what lies to the right)
    EXPECT_TRUE(nearly_equal(run.output[0][0], one_head)) << receptive_field;
    EXPECT_TRUE(nearly_equal(run.output[0][1], one_head)) << receptive_field;
  }
}

TEST(LambdaLayerTest, OnlyPositionsOfTheWholeMapBindItToASize) {
  const auto wider = channels_of({{1, 2, 6, 3}});
  auto local = small_layer(3, 2), global = small_layer(0, 2);
  EXPECT_EQ(run_mixer(local, wider).output.size(3), 4);
  try {
    run_mixer(global, wider);
    FAIL() << "no error";
  } catch (const ShapeError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("expected [N, 1, 1, 3], got [1, 1, 1, 4]"));
  }
}

TEST(LambdaLayerTest, RefusesAnEvenReceptiveField) {
  EXPECT_THROW(small_layer(4, 2), InputError);
}

TEST(LambdaLayerTest, IsBuiltFromPlainNumbersToo) {
  const InsertionPoint point{.kind = InsertionKind::conv, .in = {4, 2, 3}, .out_channels = 8};
  expect_twins([] { return std::make_shared<LambdaLayerImpl>(4, 8); },
               [&] { return std::make_shared<LambdaLayerImpl>(point); });
  const LambdaLayerOptions whole{.receptive_field = 0};
  expect_twins(
      [&] {
        return std::make_shared<LambdaLayerImpl>(FeatureShape{4, 2, 3}, 8, whole);
      },
      [&] { return std::make_shared<LambdaLayerImpl>(point, whole); });
  EXPECT_THROW(LambdaLayerImpl(4, 8, whole), InputError);  // of what height and width?
  EXPECT_THROW(LambdaLayerImpl(4, 8, {.heads = 0}), InputError);
  EXPECT_THROW(LambdaLayerImpl(4, 8, {.receptive_field = -1}), InputError);
}

}  // namespace
}  // namespace fovea
