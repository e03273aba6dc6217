#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/spatial/residual_attention.h>

#include "gate_run.h"
#include "plain_norms.h"

namespace fovea {
namespace {

/// A gate that can be followed by hand, for features above 0: norms and the mask's last layers pass on what comes, residual
/// units of the mask too, and all other residual units double it.
ResidualAttentionImpl plain_residual_attention(std::int64_t channels, const ResidualAttentionOptions& options) {
  ResidualAttentionImpl gate(channels, options);
  make_norms_plain(gate);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : gate.named_parameters()) {
    torch::Tensor& weight = parameter.value();
    if (weight.dim() != 4) continue;  // norms
    const bool silent = parameter.key().starts_with("mask.") && parameter.key().ends_with("conv3.weight");
    weight.zero_();
    if (silent) continue;
    const std::int64_t middle = weight.size(2) / 2;
    weight.select(3, middle).select(2, middle).copy_(torch::eye(weight.size(0), weight.size(1), torch::kFloat64));
  }
  gate.named_parameters()["mask.conv2.bias"].zero_();
  return gate;
}

ResidualAttentionOptions residual_options(std::int64_t poolings) {
  ResidualAttentionOptions options;
  options.poolings = poolings;
  options.reduction_ratio = 1;
  return options;
}

TEST(ResidualAttentionTest, MaskGoesDownAndUpAgain) {
  ResidualAttentionImpl gate = plain_residual_attention(1, residual_options(1));
  const auto features = channels_of({{1, 2, 3, 4}});
  const auto run = run_gate(gate, features);
  ASSERT_EQ(run.maps.size(), 1U);
  EXPECT_EQ(run.maps[0].meaning, Meaning::gate);
  // Pooled to 2 and 4, in the middle of each half.
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {2, 2.5, 3.5, 4}));
  EXPECT_TRUE(torch::allclose(run.output, features * (1 + run.maps[0].values)));
}

TEST(ResidualAttentionTest, ScalesInBetweenAreAddedOnTheWayUp) {
  ResidualAttentionImpl gate = plain_residual_attention(1, residual_options(2));
  const auto run = run_gate(gate, channels_of({{1, 2, 3, 4}}));
  // Pooled to 2 and 4, then to 4; up to 4 and 4, which with the scale's own 2 and 4 make 6 and 8.
  const auto scores = torch::logit(run.maps[0].values).flatten();
  EXPECT_TRUE(torch::allclose(scores, torch::tensor({6.0, 6.5, 7.5, 8.0}, torch::kFloat64)));
}

TEST(ResidualAttentionTest, MapsOfFewCellsArePooledAsOften) {
  ResidualAttentionImpl gate = plain_residual_attention(1, residual_options(3));
  const auto run = run_gate(gate, torch::full({2, 1, 1, 1}, 0.5, torch::kFloat64));
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {1.5, 1.5}));  // three scales of the same position
}

TEST(ResidualAttentionTest, UnitsStandBeforeBetweenAndBehind) {
  ResidualAttentionOptions options = residual_options(1);
  options.preprocessing_units = 1;
  options.trunk_units = 2;
  ResidualAttentionImpl gate = plain_residual_attention(1, options);
  const auto features = channels_of({{0.25, 0.5, 0.75, 1}});
  const auto run = run_gate(gate, features);
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {1, 1.25, 1.75, 2}));  // of features that were doubled once
  EXPECT_TRUE(torch::allclose(run.output, 16 * features * (1 + run.maps[0].values)));
}

TEST(ResidualAttentionTest, OptionsCountTheResidualUnits) {
  ResidualAttentionOptions options = residual_options(3);
  options.preprocessing_units = 1;
  options.trunk_units = 2;
  options.mask_units = 4;
  const ResidualAttentionImpl gate(2, options);
  std::int64_t units = 0;
  for (const auto& module : gate.modules(/*include_self=*/false)) units += module->as<PreActivationUnitImpl>() != nullptr;
  EXPECT_EQ(units, 2 * 1 + 2 + 3 * (4 + 4) + 2);  // before and behind, trunk, three scales down and up, two skips
}

TEST(ResidualAttentionTest, ChannelFormDividesEachLocationByItsLength) {
  ResidualAttentionOptions options = residual_options(1);
  options.form = MaskForm::channel;
  ResidualAttentionImpl gate = plain_residual_attention(2, options);
  const auto run = run_gate(gate, channels_of({{3}, {4}}));
  EXPECT_EQ(run.maps[0].meaning, Meaning::signed_);
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {0.6, 0.8}));
  EXPECT_TRUE(nearly_equal(run.output, {3 * 1.6, 4 * 1.8}));
}

TEST(ResidualAttentionTest, SpatialFormStandardisesEachChannel) {
  ResidualAttentionOptions options = residual_options(1);
  options.form = MaskForm::spatial;
  ResidualAttentionImpl gate = plain_residual_attention(1, options);
  const auto run = run_gate(gate, channels_of({{1, 2, 3, 4}}));
  EXPECT_EQ(run.maps[0].meaning, Meaning::gate);
  // Of 2, 2.5, 3.5 and 4: mean 3, variance 0.625.
  const double deviation = std::sqrt(0.625 + 1e-5);
  EXPECT_TRUE(
      nearly_equal(torch::logit(run.maps[0].values), {-1 / deviation, -0.5 / deviation, 0.5 / deviation, 1 / deviation}));
}

}  // namespace
}  // namespace fovea
