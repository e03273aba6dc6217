#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/spatial/coordinate_attention.h>
#include <fovea/attention/spatial/efficient_local_attention.h>
#include <fovea/attention/spatial/simple_coordinate_attention.h>
#include <fovea/attention/spatial/strip_attention.h>
#include <fovea/base/error.h>

#include "gate_run.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// One channel of 2 x 3 positions: means 2 and 4 of the rows, 1, 3 and 5 of the columns.
torch::Tensor strip_features() {
  return torch::tensor({{0.0, 2.0, 4.0}, {2.0, 4.0, 6.0}}, torch::kFloat64).view({1, 1, 2, 3});
}

double strip_sigmoid(double score) {
  return 1 / (1 + std::exp(-score));
}

/// x times a factor for each row.
torch::Tensor rows_times(double first, double second) {
  return strip_features() * torch::tensor({first, second}, torch::kFloat64).view({1, 1, 2, 1});
}

std::int64_t coordinate_attention_width(std::int64_t channels, const CoordinateAttentionOptions& options) {
  return CoordinateAttentionImpl(channels, options).named_parameters()["conv1.weight"].size(0);
}

TEST(CoordinateAttentionTest, RowsAndColumnsHaveGatesOfTheirOwn) {
  CoordinateAttentionOptions options;
  options.reduced_channels = 1;
  options.norm = FeatureNorm::none;
  options.activation = Activation::none;
  CoordinateAttentionImpl gate(1, options);
  set_parameter(gate, "conv1.weight", {2});
  set_parameter(gate, "conv_h.weight", {1});
  set_parameter(gate, "conv_w.weight", {-1});
  const auto run = run_gate(gate, strip_features());
  ASSERT_EQ(run.maps.size(), 2U);
  EXPECT_EQ(run.maps[0].layer, "conv_h");
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {4, 4, 4, 8, 8, 8}));
  EXPECT_EQ(run.maps[1].layer, "conv_w");
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[1].values), {-2, -6, -10, -2, -6, -10}));
  const auto product = strip_features() * run.maps[0].values * run.maps[1].values;
  EXPECT_TRUE(torch::allclose(run.output, product));
}

TEST(CoordinateAttentionTest, SkipAddsTheFeatures) {
  CoordinateAttentionOptions options;
  options.skip = true;
  CoordinateAttentionImpl gate(1, options);
  for (const char* layer : {"conv_h.weight", "conv_w.weight"}) set_parameter(gate, layer, std::vector<double>(8, 0.0));
  EXPECT_TRUE(torch::allclose(run_gate(gate, strip_features()).output, 1.25 * strip_features()));
}

TEST(CoordinateAttentionTest, VariantsDifferInWidthAndBiases) {
  CoordinateAttentionOptions timm, official;
  official.variant = CoordinateVariant::official;
  EXPECT_EQ(coordinate_attention_width(512, timm), 24);  // 512 / 16 x 2 / 3 = 21.3
  EXPECT_EQ(coordinate_attention_width(512, official), 16);
  EXPECT_EQ(coordinate_attention_width(300, official), 9);
  EXPECT_EQ(coordinate_attention_width(64, official), 8);
  timm.reduction_ratio = official.reduction_ratio = 4;
  EXPECT_EQ(coordinate_attention_width(72, timm), 16);  // 72 / 4 x 2 / 3 = 12, and the half is rounded up
  EXPECT_EQ(coordinate_attention_width(70, official), 17);
  EXPECT_FALSE(CoordinateAttentionImpl(16, timm).named_parameters().contains("conv_h.bias"));
  EXPECT_TRUE(CoordinateAttentionImpl(16, official).named_parameters().contains("conv_h.bias"));
}

TEST(CoordinateAttentionTest, OptionsThatExcludeEachOtherAreRefused) {
  const auto expect_refused = [](const CoordinateAttentionOptions& options, const char* where) {
    EXPECT_THAT([&] { CoordinateAttentionImpl(16, options); }, ThrowsMessage<InputError>(HasSubstr(where)));
  };
  CoordinateAttentionOptions options;
  options.variant = CoordinateVariant::official;
  options.bias = true;
  expect_refused(options, "coord: variant");
  options.bias = false;
  options.width_factor = 1;
  expect_refused(options, "coord: variant");
  options = {};
  options.reduced_channels = 4;
  options.reduction_ratio = 4;
  expect_refused(options, "coord: reduced_channels");
}

TEST(SimpleCoordinateAttentionTest, RowAndColumnScoresAreAdded) {
  SimpleCoordinateAttentionOptions options;
  options.reduced_channels = 1;
  options.bias = false;
  options.activation = Activation::none;
  options.skip = true;
  SimpleCoordinateAttentionImpl gate(1, options);
  set_parameter(gate, "fc1.weight", {1});
  set_parameter(gate, "fc_h.weight", {1});
  set_parameter(gate, "fc_w.weight", {-1});
  const auto run = run_gate(gate, strip_features());
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {1, -1, -3, 3, 1, -1}));
  EXPECT_TRUE(torch::allclose(run.output, strip_features() * (1 + run.maps[0].values)));
}

TEST(EfficientLocalAttentionTest, ConvolutionsRunAlongTheStrips) {
  EfficientLocalAttentionOptions options;
  options.kernel_size = 3;
  options.norm = FeatureNorm::none;
  options.activation = Activation::none;
  EfficientLocalAttentionImpl gate(1, options);
  set_parameter(gate, "conv_h.weight", {1, 0, 0});  // the row above
  set_parameter(gate, "conv_w.weight", {0, 0, 1});  // the column to the right
  const auto run = run_gate(gate, strip_features());
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {0, 0, 0, 2, 2, 2}));
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[1].values), {3, 5, 0, 3, 5, 0}));
}

TEST(EfficientLocalAttentionTest, NormsStandardiseWhatTheySayTheyDo) {
  EfficientLocalAttentionOptions options;
  options.kernel_size = 1;
  options.activation = Activation::none;
  const auto features = torch::cat({strip_features(), 10 + 2 * strip_features()}, 1);
  const auto row_scores = [&](FeatureNorm norm) {
    options.norm = norm;
    EfficientLocalAttentionImpl gate(2, options);
    set_parameter(gate, "conv_h.weight", {1, 1});
    return torch::logit(run_gate(gate, features).maps[0].values).select(3, 0);  // [1, 2, 2]
  };
  // Row means 2 and 4, 14 and 18: by channel deviations 1 and 2, altogether mean 9.5 and variance 44.75.
  const auto instance = row_scores(FeatureNorm::instance);
  EXPECT_TRUE(torch::allclose(instance.flatten(), torch::tensor({-1.0, 1.0, -1.0, 1.0}, torch::kFloat64), 1e-4));
  const auto group = row_scores(FeatureNorm::group);
  const auto expected = torch::tensor({-7.5, -5.5, 4.5, 8.5}, torch::kFloat64) / std::sqrt(44.75);
  EXPECT_TRUE(torch::allclose(group.flatten(), expected, 1e-4));  // but for the norm's epsilon of 1e-5
}

TEST(EfficientLocalAttentionTest, EvenKernelsAreRefused) {
  EfficientLocalAttentionOptions options;
  options.kernel_size = 4;
  EXPECT_THAT([&] { EfficientLocalAttentionImpl(16, options); }, ThrowsMessage<InputError>(HasSubstr("ela: kernel_size")));
}

TEST(StripAttentionTest, WithoutConvolutionTheMeansAreTheScores) {
  StripAttentionOptions options;
  options.convolution = false;
  StripAttentionImpl gate(1, options);
  EXPECT_TRUE(gate.parameters().empty());
  const auto run = run_gate(gate, strip_features());
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {3, 5, 7, 5, 7, 9}));
  EXPECT_TRUE(torch::allclose(run.output, strip_features() * run.maps[0].values));
}

TEST(StripAttentionTest, SkipAddsTheFeatures) {
  StripAttentionOptions options;
  options.skip = true;
  options.kernel_size = 1;
  StripAttentionImpl gate(1, options);
  set_parameter(gate, "conv_h.weight", {1});
  set_parameter(gate, "conv_w.weight", {0});
  const auto output = run_gate(gate, strip_features()).output;
  EXPECT_TRUE(torch::allclose(output, rows_times(1 + strip_sigmoid(2), 1 + strip_sigmoid(4))));
}

TEST(StripAttentionTest, ConvolutionOptionsNeedTheConvolution) {
  StripAttentionOptions options;
  options.convolution = false;
  options.kernel_size = 5;
  EXPECT_THAT([&] { StripAttentionImpl(16, options); },
              ThrowsMessage<InputError>(HasSubstr("strip: convolution: expected no kernel_size")));
}

}  // namespace
}  // namespace fovea
