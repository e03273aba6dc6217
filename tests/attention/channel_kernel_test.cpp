#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/attention/channel/circular_channel_attention.h>
#include <fovea/attention/channel/efficient_channel_attention.h>
#include <fovea/attention/channel/efficient_channel_mlp.h>
#include <fovea/attention/channel/internal/channel_kernel.h>
#include <fovea/base/error.h>

#include "gate_run.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ChannelKernelTest, GrowsWithTheChannels) {
  const auto size = [](std::int64_t channels) {
    return channel_kernel_size(channels, EfficientChannelAttentionOptions{}, "eca");
  };
  EXPECT_EQ(size(2), 3);
  EXPECT_EQ(size(64), 3);
  EXPECT_EQ(size(128), 5);
  EXPECT_EQ(size(1024), 5);
  EXPECT_EQ(size(2048), 7);
}

TEST(ChannelKernelTest, MayBeGivenOnceAndOdd) {
  EfficientChannelAttentionOptions options;
  options.kernel_size = 9;
  EXPECT_EQ(channel_kernel_size(64, options, "eca"), 9);
  options.gamma = 1;
  EXPECT_THAT([&] { channel_kernel_size(64, options, "eca"); },
              ThrowsMessage<InputError>(HasSubstr("eca: kernel_size: expected no gamma and no beta")));
  options.gamma = 2;
  options.kernel_size = 4;
  EXPECT_THAT([&] { channel_kernel_size(64, options, "ceca"); },
              ThrowsMessage<InputError>(HasSubstr("ceca: kernel_size: expected an odd number or 0, got 4")));
}

TEST(ChannelKernelTest, HasAnEnd) {
  EfficientChannelAttentionOptions options;
  options.gamma = 0.05;
  options.beta = 44;
  EXPECT_EQ(channel_kernel_size(64, options, "eca"), 1001);  // (6 + 44) / 0.05, and one more
  options.beta = 64;
  EXPECT_THAT([&] { channel_kernel_size(64, options, "eca"); },
              ThrowsMessage<InputError>(HasSubstr("eca: gamma: expected a kernel of at most 1023 channels")));
  options.gamma = 1e-30;
  EXPECT_THROW(channel_kernel_size(64, options, "eca"), InputError);
}

/// The scores of four channels with means 1, 2, 3, 4 under the weights 0.001, 0.01, 0.1.
template <typename GateType, typename GateOptions>
torch::Tensor channel_scores(const GateOptions& options) {
  GateType gate(4, options);
  set_parameter(gate, "conv.weight", {0.001, 0.01, 0.1});
  if (gate.named_parameters().contains("conv.bias")) set_parameter(gate, "conv.bias", {1});
  return torch::logit(run_gate(gate, channels_of({{0, 2}, {1, 3}, {2, 4}, {3, 5}})).maps[0].values);
}

TEST(CircularChannelAttentionTest, FirstAndLastChannelsAreNeighbours) {
  EfficientChannelAttentionOptions line;
  CircularChannelAttentionOptions ring;
  EXPECT_TRUE(nearly_equal(channel_scores<EfficientChannelAttentionImpl>(line), {0.210, 0.321, 0.432, 0.043}));
  EXPECT_TRUE(nearly_equal(channel_scores<CircularChannelAttentionImpl>(ring), {0.214, 0.321, 0.432, 0.143}));
  ring.bias = true;
  EXPECT_TRUE(nearly_equal(channel_scores<CircularChannelAttentionImpl>(ring), {1.214, 1.321, 1.432, 1.143}));
}

TEST(CircularChannelAttentionTest, GoesRoundOnceAtMost) {
  CircularChannelAttentionOptions options;
  options.kernel_size = 9;
  CircularChannelAttentionImpl widest(4, options);
  EXPECT_EQ(run_gate(widest, channels_of({{1}, {2}, {3}, {4}})).output.size(1), 4);
  options.kernel_size = 11;
  EXPECT_THAT([&] { CircularChannelAttentionImpl(4, options); },
              ThrowsMessage<InputError>(HasSubstr("ceca: kernel_size: expected at most 9 for 4 channels, got 11")));
}

TEST(EfficientChannelMlpTest, HiddenPlanesAreActivated) {
  EfficientChannelMlpOptions options;
  options.reduced_channels = 2;
  EfficientChannelMlpImpl gate(2, options);
  set_parameter(gate, "conv.weight", {1, -1});
  set_parameter(gate, "conv.bias", {0, 1});
  set_parameter(gate, "conv2.weight", {0, 1, 0.1, 0, 0.01, 0.001});
  set_parameter(gate, "conv2.bias", {0.5});
  // Means 2 and -3: the planes are relu(2), relu(-3) and relu(-1), relu(4).
  const auto scores = torch::logit(run_gate(gate, channels_of({{2}, {-3}})).maps[0].values);
  EXPECT_TRUE(nearly_equal(scores, {0.5 + 2 + 0.004, 0.5 + 0.04}));
}

TEST(EfficientChannelMlpTest, PlanesAreAMultipleOfEightThatLosesLittle) {
  const auto planes = [](std::int64_t channels) {
    return EfficientChannelMlpImpl(channels, {}).named_parameters()["conv.weight"].size(0);
  };
  EXPECT_EQ(planes(64), 8);
  EXPECT_EQ(planes(88), 16);  // 11: 8 would be less than 0.9 of it
  EXPECT_EQ(planes(160), 24);
}

}  // namespace
}  // namespace fovea
