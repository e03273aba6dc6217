#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/augmented_convolution.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

/// One channel arrives; one comes out of the convolution and one of an attention with a single head.
AugmentedConvolutionImpl small_augmented(bool relative = true, std::int64_t stride = 1) {
  AugmentedConvolutionOptions options;
  options.heads = 1;
  options.key_channels = 1;
  options.value_channels = 1;
  options.relative = relative;
  AugmentedConvolutionImpl mixer(
      {.kind = InsertionKind::conv, .in = {1, 2, 3}, .out_channels = 2, .stride = stride, .path = "aaconv"}, options);
  set_parameter(mixer, "conv_out.weight", {0, 0, 0, 0, 10, 0, 0, 0, 0});
  set_parameter(mixer, "conv_out.bias", {0});
  set_parameter(mixer, "qkv_conv.weight", {0, 0, 1});
  set_parameter(mixer, "qkv_conv.bias", {1, 0, 0});  // every query is 1, every key 0, the values are the input
  set_parameter(mixer, "attn_out.weight", {1});
  set_parameter(mixer, "attn_out.bias", {0});
  return mixer;
}

torch::Tensor two_rows() {
  return torch::tensor({1.0, 2.0, 3.0, 4.0, 5.0, 9.0}, torch::kFloat64).view({1, 1, 2, 3});
}

TEST(AugmentedConvolutionTest, ConcatenatesConvolutionAndAttention) {
  auto mixer = small_augmented(/*relative=*/false);
  const auto run = run_mixer(mixer, two_rows());
  EXPECT_TRUE(nearly_equal(run.output, {10, 20, 30, 40, 50, 90, 4, 4, 4, 4, 4, 4}));  // the mean of all positions is 4
  EXPECT_TRUE(nearly_equal(run.maps.at(0).values, std::vector<double>(36, 1 / 6.0)));
}

TEST(AugmentedConvolutionTest, LooksWhereRelativePositionsSay) {
  auto mixer = small_augmented();
  set_parameter(mixer, "pos_embed.height_rel", {0, 0, 1000});      // the row below
  set_parameter(mixer, "pos_embed.width_rel", {0, 500, 0, 0, 0});  // and the column to the left
  const auto run = run_mixer(mixer, two_rows());
  const auto attended = run.output[0][1];
  EXPECT_TRUE(nearly_equal(attended[0], {(4 + 5 + 9) / 3.0, 4, 5}));           // no column left of the first
  EXPECT_TRUE(nearly_equal(attended[1], {4, (1 + 4) / 2.0, (2 + 5) / 2.0}));   // no row below the last
  EXPECT_TRUE(torch::equal(run.output, run_mixer(mixer, two_rows()).output));  // learned, not drawn
}

TEST(AugmentedConvolutionTest, AStrideLeavesOutPositions) {
  auto mixer = small_augmented(/*relative=*/true, /*stride=*/2);
  EXPECT_EQ(mixer.named_parameters()["pos_embed.width_rel"].size(0), 3);  // two positions in a row are left
  set_parameter(mixer, "pos_embed.height_rel", {0});
  set_parameter(mixer, "pos_embed.width_rel", {0, 0, 1000});
  EXPECT_TRUE(nearly_equal(run_mixer(mixer, two_rows()).output, {10, 30, 3, 2}));
}

TEST(AugmentedConvolutionTest, OnlyRelativePositionsBindItToASize) {
  const auto wider = torch::ones({1, 1, 2, 4}, torch::kFloat64);
  auto bound = small_augmented(/*relative=*/true), free = small_augmented(/*relative=*/false);
  EXPECT_THROW(run_mixer(bound, wider), ShapeError);
  EXPECT_EQ(run_mixer(free, wider).output.size(3), 4);
}

TEST(AugmentedConvolutionTest, WidthsComeFromRatiosOrAreSet) {
  const auto values_of = [](std::int64_t out_channels, const AugmentedConvolutionOptions& options) {
    AugmentedConvolutionImpl mixer({.kind = InsertionKind::conv, .in = {4, 2, 3}, .out_channels = out_channels, .path = "x"},
                                   options);
    return mixer.named_parameters()["attn_out.weight"].size(0);
  };
  AugmentedConvolutionOptions options;
  EXPECT_EQ(values_of(64, options), 8);  // 6.4, to the next multiple of four heads
  options.value_channels = 12;
  EXPECT_EQ(values_of(64, options), 12);
  options.value_ratio = 0.5;
  EXPECT_THROW(values_of(64, options), InputError);  // both are set
  options = {};
  EXPECT_THROW(values_of(4, options), InputError);  // nothing would be left for the convolution
  options.value_channels = 10;
  EXPECT_THROW(values_of(64, options), InputError);  // not a multiple of the heads
}

TEST(AugmentedConvolutionTest, IsBuiltFromPlainNumbersToo) {
  const AugmentedConvolutionOptions options{.heads = 2, .value_channels = 2};
  expect_twins(
      [&] {
        return std::make_shared<AugmentedConvolutionImpl>(FeatureShape{4, 2, 3}, 6, options);
      },
      [&] {
        const InsertionPoint point{.kind = InsertionKind::conv, .in = {4, 2, 3}, .out_channels = 6};
        return std::make_shared<AugmentedConvolutionImpl>(point, options);
      });
  EXPECT_THROW(AugmentedConvolutionImpl({4, 2, 3}, 6, {.heads = 0}), InputError);
  EXPECT_THROW(AugmentedConvolutionImpl({4, 2, 3}, 6, {.value_ratio = 1}), InputError);
  EXPECT_THROW(AugmentedConvolutionImpl({4, 0, 0}, 64), InputError);
  EXPECT_NO_THROW(AugmentedConvolutionImpl({4}, 64, {.relative = false}));
}

}  // namespace
}  // namespace fovea
