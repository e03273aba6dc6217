#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/branch/split_attention.h>
#include <fovea/base/error.h>

#include "gate_run.h"

namespace fovea {
namespace {

InsertionPoint split_point(std::int64_t in, std::int64_t out) {
  return {.kind = InsertionKind::conv, .in = {in, 1, 3}, .out_channels = out, .path = "splat"};
}

TEST(SplitAttentionTest, WeighsTheBranchesOfEachChannel) {
  SplitAttentionOptions options;
  options.kernel_size = 1;
  options.reduced_channels = 1;  // for each of two branches
  SplitAttentionImpl mixer(split_point(2, 1), options);
  set_parameter(mixer, "conv.weight", {1, 2});  // two groups: the branches are x_0 and 2 x_1
  set_parameter(mixer, "fc1.weight", {0, 0});
  set_parameter(mixer, "fc1.bias", {1, 0});
  set_parameter(mixer, "fc2.weight", {0, 0, std::log(3), 0});
  set_parameter(mixer, "fc2.bias", {0, 0});
  const auto run = run_mixer(mixer, channels_of({{1, 2, 3}, {4, 5, 6}}));
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {0.25, 0.75}));
  EXPECT_TRUE(nearly_equal(run.output, {0.25 + 0.75 * 8, 0.5 + 0.75 * 10, 0.75 + 0.75 * 12}));
}

TEST(SplitAttentionTest, OneBranchIsAChannelGate) {
  SplitAttentionOptions options;
  options.radix = 1;
  options.kernel_size = 1;
  SplitAttentionImpl mixer(split_point(1, 1), options);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : mixer.parameters()) parameter.zero_();
  set_parameter(mixer, "conv.weight", {1});
  const auto run = run_mixer(mixer, channels_of({{1, 2, 3}}));
  EXPECT_EQ(run.maps[0].kind, MapKind::channel);
  EXPECT_EQ(run.maps[0].meaning, Meaning::gate);
  EXPECT_TRUE(nearly_equal(run.output, {0.5, 1, 1.5}));
}

TEST(SplitAttentionTest, RefusesWhatDoesNotDivide) {
  const auto message = [](const SplitAttentionOptions& options) -> std::string {
    try {
      SplitAttentionImpl(split_point(6, 6), options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  SplitAttentionOptions even, radix;
  even.kernel_size = 2;
  radix.radix = 4;
  using testing::HasSubstr;
  EXPECT_THAT(message(even), HasSubstr("splat: kernel_size: expected an odd number, got 2"));
  EXPECT_THAT(message(radix), HasSubstr("splat: groups x radix: expected a divisor of the 6 channels, got 4"));
}

}  // namespace
}  // namespace fovea
