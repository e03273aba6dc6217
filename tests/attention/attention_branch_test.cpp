#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/attention_branch.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "plain_norms.h"
#include "twin_check.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

InsertionPoint attention_branch_point(std::int64_t classes) {
  InsertionPoint point{InsertionKind::stage, 3, {1, 1, 3}, 1, 1, "layer3_gate", {}};
  point.num_classes = classes;
  return point;
}

/// Two classes on one channel: their maps are relu(x) and relu(-x).
std::unique_ptr<AttentionBranchImpl> two_class_branch(BranchVariant variant) {
  AttentionBranchOptions options;
  options.variant = variant;
  auto branch = std::make_unique<AttentionBranchImpl>(attention_branch_point(2), options);
  make_norms_plain(*branch);
  branch->eval();
  set_parameter(*branch, "att_conv.weight", {1, -1});
  set_parameter(*branch, "att_conv2.weight", {1, 10, 100, 1000});
  return branch;
}

double branch_sigmoid(double score) {
  return 1 / (1 + std::exp(-score));
}

TEST(AttentionBranchTest, ThePapersByHand) {
  const auto branch = two_class_branch(BranchVariant::paper);
  set_parameter(*branch, "att_conv3.weight", {0.5, -1});
  const auto run = run_gate(*branch, channels_of({{2, -3, 0}}));
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, {branch_sigmoid(1), branch_sigmoid(-3), 0.5}));
  EXPECT_TRUE(nearly_equal(run.output, {2 * (1 + branch_sigmoid(1)), -3 * (1 + branch_sigmoid(-3)), 0}));
  EXPECT_FALSE(branch->named_children().contains("bn_att2"));
}

TEST(AttentionBranchTest, TheOfficialLooksAtNeighbours) {
  const auto branch = two_class_branch(BranchVariant::official);
  std::vector<double> weights(18, 0.0);
  weights[3] = 1;  // middle row, left, of the first class
  set_parameter(*branch, "att_conv3.weight", weights);
  set_parameter(*branch, "bn_att2.bias", {0.5, 0});
  const auto run = run_gate(*branch, channels_of({{2, -3, 0}}));
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, {0.5, branch_sigmoid(2.5), 0.5}));
}

TEST(AttentionBranchTest, ScoresTheClassesForTheObjective) {
  const auto branch = two_class_branch(BranchVariant::paper);
  ForwardContext context;
  const auto features = torch::cat({channels_of({{2, -3, 0}}), channels_of({{9, 0, 0}})});
  branch->forward(features, context);
  ASSERT_EQ(context.branch_logits.size(), 1U);
  EXPECT_EQ(context.branch_logits[0].first, "layer3_gate");
  const double first = 2.0 / 3, second = 1;  // mean class maps of the first image; 3 and 0 of the other
  EXPECT_TRUE(nearly_equal(context.branch_logits[0].second, {first + 10 * second, 100 * first + 1000 * second, 3, 300}));
}

TEST(AttentionBranchTest, NeedsTheNumberOfClasses) {
  EXPECT_THAT([] { AttentionBranchImpl(attention_branch_point(0), {}); },
              ThrowsMessage<InputError>(HasSubstr("abn: expected an insertion point where the number of classes is known")));
}

TEST(AttentionBranchTest, IsBuiltFromPlainNumbersToo) {
  expect_twins([] { return std::make_shared<AttentionBranchImpl>(1, 4); },
               [] { return std::make_shared<AttentionBranchImpl>(attention_branch_point(4)); });
  EXPECT_THROW(AttentionBranchImpl(0, 4), InputError);
  EXPECT_THROW(AttentionBranchImpl(1, 0), InputError);
}

}  // namespace
}  // namespace fovea
