#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/learn_to_pay_attention.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

LearnToPayAttentionOptions pay_options(PayScore score, PayNormalisation normalise) {
  LearnToPayAttentionOptions options;
  options.score = score;
  options.normalise = normalise;
  return options;
}

TEST(LearnToPayAttentionTest, OnlyAdditiveScoresWithSoftmaxIgnoreTheGlobalVector) {
  const auto features = drawn({2, 4, 2, 3});
  for (const PayScore score : {PayScore::additive, PayScore::dot}) {
    for (const PayNormalisation normalise : {PayNormalisation::softmax, PayNormalisation::sigmoid}) {
      StageAttentionImpl attention(4, 5, pay_options(score, normalise));
      draw_parameters(attention);
      ForwardContext context;
      const auto first = attention.forward(features, drawn({2, 5}, 2), context);
      const auto second = attention.forward(features, drawn({2, 5}, 3), context);
      const bool ignores = score == PayScore::additive && normalise == PayNormalisation::softmax;
      EXPECT_EQ(torch::allclose(first, second, 1e-12, 1e-12), ignores);
    }
  }
}

TEST(LearnToPayAttentionTest, TwoPositionsByHand) {
  LearnToPayAttentionImpl pool(pool_point({1, 1, 2}, 1), pay_options(PayScore::additive, PayNormalisation::sigmoid));
  set_parameter(pool, "0.projector.op.weight", {2});
  set_parameter(pool, "0.attn.op.weight", {-1});
  const auto features = channels_of({{1, -3}});
  const auto run = run_pool(pool, {.features = features, .query = torch::tensor({{0.5}}, torch::kFloat64)});
  const double first = 1 / (1 + std::exp(2 + 0.5)), second = 1 / (1 + std::exp(-6 + 0.5));
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, {first, second}));
  EXPECT_EQ(run.maps.at(0).meaning, Meaning::gate);
  EXPECT_TRUE(nearly_equal(run.output, {(first * 2 + second * -6) / 2}));
}

TEST(LearnToPayAttentionTest, ReadsEveryStageWithTheMeanOfTheLast) {
  InsertionPoint point = pool_point({4, 2, 3});
  point.stages = {{3, 4, 6}, {4, 2, 3}};
  const auto options = pay_options(PayScore::dot, PayNormalisation::softmax);
  LearnToPayAttentionImpl pool(point, options);
  draw_parameters(pool);
  const auto early = drawn({2, 3, 4, 6}, 2), late = drawn({2, 4, 2, 3}, 3);
  const auto run = run_pool(pool, {.features = late, .stages = {early, late}});
  EXPECT_EQ(pool.out_features(), 8);
  ASSERT_EQ(run.maps.size(), 2U);
  EXPECT_EQ(run.maps[0].layer, "0");
  EXPECT_EQ(run.maps[0].values.sizes(), (std::vector<std::int64_t>{2, 4, 6}));
  EXPECT_EQ(run.maps[1].values.sizes(), (std::vector<std::int64_t>{2, 2, 3}));
  ForwardContext context;
  for (int stage = 0; stage < 2; ++stage) {
    const auto attention = std::dynamic_pointer_cast<StageAttentionImpl>(pool.named_children()[std::to_string(stage)]);
    const auto alone = attention->forward(stage == 0 ? early : late, late.mean({2, 3}), context);
    EXPECT_TRUE(torch::allclose(run.output.slice(1, 4 * stage, 4 * stage + 4), alone)) << stage;
  }
  EXPECT_THAT([&] { run_pool(pool, {.features = late, .stages = {late}}); },
              ThrowsMessage<ShapeError>(HasSubstr("expected the features of 2 stages, got 1")));
}

TEST(LearnToPayAttentionTest, EveryMapLiesWhereItsStageDid) {
  InsertionPoint point = pool_point({4, 2, 3});
  point.stages = {{3, 4, 6}, {4, 2, 3}};
  LearnToPayAttentionImpl pool(point, {});
  draw_parameters(pool);
  const auto before = torch::eye(3, torch::kFloat64).slice(0, 0, 2).unsqueeze(0);
  const auto behind = before * 0.5;  // a warp between the stages that looks at the middle
  AttentionRecorder recorder(pool);
  ForwardContext context;
  context.hooks = &recorder;
  context.theta = behind;
  const auto early = drawn({1, 3, 4, 6}), late = drawn({1, 4, 2, 3});
  pool.attend({.features = late, .stages = {{early, before}, {late, behind}}}, context);
  ASSERT_EQ(recorder.maps.size(), 2U);
  EXPECT_TRUE(torch::equal(recorder.maps[0].theta, before));
  EXPECT_TRUE(torch::equal(recorder.maps[1].theta, behind));
  EXPECT_TRUE(torch::equal(context.theta, behind));
  EXPECT_THROW(pool.attend({.features = late, .stages = {{late, before}, {late, behind}}}, context), ShapeError);
  EXPECT_TRUE(torch::equal(context.theta, behind)) << "an error leaves another theta";
}

TEST(LearnToPayAttentionTest, IsBuiltFromAPlainNumberToo) {
  const auto options = pay_options(PayScore::additive, PayNormalisation::sigmoid);
  expect_twins([&] { return std::make_shared<LearnToPayAttentionImpl>(4, options); },
               [&] {
                 return std::make_shared<LearnToPayAttentionImpl>(pool_point({4, 2, 3}), options);
               });
  expect_clone(StageAttentionImpl(4, 5, options));
  EXPECT_THROW(LearnToPayAttentionImpl(0), InputError);
  InsertionPoint point = pool_point({4, 2, 3});
  point.stages = {{0, 4, 6}, {4, 2, 3}};
  EXPECT_THROW(LearnToPayAttentionImpl{point}, InputError);
}

}  // namespace
}  // namespace fovea
