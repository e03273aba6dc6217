#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/spatial/large_kernel_attention.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// Zero but for the weights that are set.
LargeKernelAttentionImpl silent_large_kernel(std::int64_t channels, const LargeKernelAttentionOptions& options) {
  LargeKernelAttentionImpl gate(channels, options);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : gate.parameters()) parameter.zero_();
  return gate;
}

TEST(LargeKernelAttentionTest, FactorsComeThroughThreeConvolutions) {
  LargeKernelAttentionOptions options;
  options.kernel_size = 6;
  options.dilation = 2;  // sides 3 and 3
  LargeKernelAttentionImpl gate = silent_large_kernel(1, options);
  set_parameter(gate, "proj_1.bias", {0.5});
  set_parameter(gate, "proj_1.weight", {2});
  set_parameter(gate, "spatial_gating_unit.conv0.weight", {0, 0, 0, 1, 0, 0, 0, 0, 0});         // one position to the left
  set_parameter(gate, "spatial_gating_unit.conv_spatial.weight", {0, 0, 0, 3, 0, 0, 0, 0, 0});  // two positions to the left
  set_parameter(gate, "spatial_gating_unit.conv1.weight", {-1});
  set_parameter(gate, "spatial_gating_unit.conv1.bias", {0.25});
  set_parameter(gate, "proj_2.weight", {2});
  set_parameter(gate, "proj_2.bias", {1});
  const auto features = channels_of({{1, -2, 3, 0.5, 2}});
  const auto run = run_gate(gate, features);
  const auto y = torch::gelu(2 * features + 0.5).flatten();
  const auto from_three_left = torch::cat({torch::zeros(3, torch::kFloat64), y.slice(0, 0, 2)});
  const auto factors = 0.25 - 3 * from_three_left;
  ASSERT_EQ(run.maps.size(), 1U);
  EXPECT_EQ(run.maps[0].layer, "spatial_gating_unit");
  EXPECT_EQ(run.maps[0].meaning, Meaning::signed_);
  EXPECT_TRUE(torch::allclose(run.maps[0].values.flatten(), factors));
  EXPECT_TRUE(torch::allclose(run.output.flatten(), features.flatten() + 1 + 2 * y * factors));
}

TEST(LargeKernelAttentionTest, DefaultSeesElevenCellsInEachDirection) {
  LargeKernelAttentionImpl gate = silent_large_kernel(1, {});
  set_parameter(gate, "proj_1.weight", {1});
  set_parameter(gate, "spatial_gating_unit.conv0.weight", std::vector<double>(25, 1.0));
  set_parameter(gate, "spatial_gating_unit.conv_spatial.weight", std::vector<double>(49, 1.0));
  set_parameter(gate, "spatial_gating_unit.conv1.weight", {1});
  auto features = torch::zeros({1, 1, 31, 29}, torch::kFloat64);
  features.index_put_({0, 0, 15, 14}, 1.0);
  const auto seen = run_gate(gate, features).maps[0].values[0][0] > 0;
  auto expected = torch::zeros({31, 29}, torch::kBool);  // 2 positions of the local window, 3 x 3 of the dilated one
  expected.slice(0, 15 - 11, 15 + 12).slice(1, 14 - 11, 14 + 12).fill_(true);
  EXPECT_TRUE(torch::equal(seen, expected));
}

TEST(LargeKernelAttentionTest, KernelIsTakenApartAsInThePaper) {
  const auto sides = [](std::int64_t kernel_size, std::int64_t dilation) {
    LargeKernelAttentionOptions options;
    options.kernel_size = kernel_size;
    options.dilation = dilation;
    auto parameters = LargeKernelAttentionImpl(4, options).named_parameters();
    return std::pair(parameters["spatial_gating_unit.conv0.weight"].size(2),
                     parameters["spatial_gating_unit.conv_spatial.weight"].size(2));
  };
  EXPECT_EQ(sides(21, 3), (std::pair<std::int64_t, std::int64_t>(5, 7)));
  EXPECT_EQ(sides(35, 4), (std::pair<std::int64_t, std::int64_t>(7, 9)));
  EXPECT_EQ(sides(7, 1), (std::pair<std::int64_t, std::int64_t>(1, 7)));
  EXPECT_THAT([&] { sides(7, 2); }, ThrowsMessage<InputError>(HasSubstr("lka: kernel_size: expected an odd number")));
}

TEST(LargeKernelAttentionTest, EachGroupStartsByItsOwnFanOut) {
  LargeKernelAttentionImpl gate(256, {});
  initialise(gate, 1);
  auto parameters = gate.named_parameters();
  const auto expect_deviation = [&](const std::string& layer, double deviation) {
    const double got = parameters["spatial_gating_unit." + layer + ".weight"].std().item<double>();
    EXPECT_NEAR(got, deviation, 0.05 * deviation) << layer;  // 6400 draws and more: an error of 0.9 % is usual
    EXPECT_EQ(parameters["spatial_gating_unit." + layer + ".bias"].abs().max().item<double>(), 0.0) << layer;
  };
  expect_deviation("conv0", std::sqrt(2.0 / 25));
  expect_deviation("conv_spatial", std::sqrt(2.0 / 49));
  expect_deviation("conv1", std::sqrt(2.0 / 256));
}

}  // namespace
}  // namespace fovea
