#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/bilinear_attention.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"
#include "plain_norms.h"
#include "twin_check.h"

namespace fovea {
namespace {

BilinearAttentionOptions two_bands(double dropout) {
  BilinearAttentionOptions options;
  options.block_size = 2;
  options.groups = 1;
  options.reduced_channels = 1;
  options.dropout = dropout;
  return options;
}

InsertionPoint bilinear_point(const std::string& path, std::int64_t channels) {
  return {.in = {channels, 4, 2}, .out_channels = channels, .path = path};
}

TEST(BilinearAttentionTest, MixesBandsOfRowsThenOfColumns) {
  BilinearAttentionImpl gate(bilinear_point("bat", 1), two_bands(0.2));
  make_norms_plain(gate);
  for (const char* name : {"conv1", "ba.conv1", "ba.conv2", "conv2"}) {
    set_parameter(gate, std::string(name) + ".conv.weight", {1});
  }
  const double never = -1000;
  set_parameter(gate, "ba.conv_p.weight", std::vector<double>(8, 0));
  set_parameter(gate, "ba.conv_p.bias", {never, 0, 0, never});  // each band of rows takes the other
  set_parameter(gate, "ba.conv_q.weight", std::vector<double>(8, 0));
  set_parameter(gate, "ba.conv_q.bias", {0, 0, never, never});  // every column takes the left one
  const auto features = torch::arange(1, 9, torch::kFloat64).view({1, 1, 4, 2});
  const auto run = run_gate(gate, features);
  // Rows (1 2)(3 4) | (5 6)(7 8) trade places band by band; then the left column is everywhere.
  EXPECT_TRUE(nearly_equal(run.output - features, {5, 5, 7, 7, 1, 1, 3, 3}));
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {0, 1, 1, 0}));
  EXPECT_TRUE(nearly_equal(run.maps[1].values, {1, 0, 1, 0}));  // [to, from]
}

TEST(BilinearAttentionTest, WeightsSumToOneHoweverSmallTheirParts) {
  BilinearAttentionImpl gate(bilinear_point("bat", 1), two_bands(0));
  make_norms_plain(gate);
  for (const char* matrix : {"p", "q"}) {
    set_parameter(gate, std::string("ba.conv_") + matrix + ".weight", std::vector<double>(8, 0));
    set_parameter(gate, std::string("ba.conv_") + matrix + ".bias", std::vector<double>(4, -1000));
  }
  const auto run = run_gate(gate, torch::ones({1, 1, 4, 2}, torch::kFloat64));
  for (const AttentionMap& map : run.maps) EXPECT_TRUE(nearly_equal(map.values, {0.5, 0.5, 0.5, 0.5}));
}

torch::Tensor bilinear_correction(double dropout, const std::string& path, std::uint64_t seed) {
  auto options = two_bands(dropout);
  options.activation = Activation::none;
  BilinearAttentionImpl gate(bilinear_point(path, 32), options);
  initialise(gate, 1);
  gate.to(torch::kFloat64);
  gate.train();
  auto features = torch::empty({2, 32, 4, 2}, torch::kFloat64);
  fill_normal(features, RandomStream(2, Purpose::test), 1.0);
  ForwardContext context;
  context.random = RandomStream(seed, Purpose::forward);
  return gate.forward(features, context) - features;
}

TEST(BilinearAttentionTest, DropoutLeavesOutWholeChannelsByTheKeyOfItsPlace) {
  const auto all = bilinear_correction(0, "layer1.0.se", 1);
  const auto dropped = bilinear_correction(0.5, "layer1.0.se", 1);
  const auto is_dropped = dropped.abs().amax({2, 3}, /*keepdim=*/true) < 1e-12;
  EXPECT_TRUE(torch::allclose(dropped, torch::where(is_dropped, torch::zeros_like(all), 2 * all), 1e-9, 1e-12));
  EXPECT_GT(is_dropped.sum().item<int>(), 16);  // of 64: five deviations of 4 below the mean of 32
  EXPECT_LT(is_dropped.sum().item<int>(), 48);
  EXPECT_TRUE(torch::equal(dropped, bilinear_correction(0.5, "layer1.0.se", 1)));
  EXPECT_FALSE(torch::equal(dropped, bilinear_correction(0.5, "layer1.1.se", 1)));
  EXPECT_FALSE(torch::equal(dropped, bilinear_correction(0.5, "layer1.0.se", 2)));
}

TEST(BilinearAttentionTest, RefusesSizesThatAreNoMultiples) {
  BilinearAttentionImpl gate(bilinear_point("bat", 1), two_bands(0));
  ForwardContext context;
  try {
    gate.forward(torch::ones({1, 1, 3, 2}), context);
    FAIL() << "no error";
  } catch (const ShapeError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("expected H and W that are multiples of 2, got [1, 1, 3, 2]"));
  }
}

TEST(BilinearAttentionTest, IsBuiltFromAPlainNumberToo) {
  expect_twins([] { return std::make_shared<BilinearAttentionImpl>(32); },
               [] { return std::make_shared<BilinearAttentionImpl>(bilinear_point("bat", 32)); });
  EXPECT_THROW(BilinearAttentionImpl(32, {.block_size = 0}), InputError);
  EXPECT_THROW(BilinearAttentionImpl(32, {.groups = 0}), InputError);
  EXPECT_THROW(BilinearTransformImpl(32, {.block_size = 0}), InputError);
  EXPECT_THROW(BilinearAttentionImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
