#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/spatial/cbam.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// The scores of CBAM's channel gate for one channel whose bottleneck passes them on.
double cbam_channel_score(const std::vector<std::string>& pools, const std::vector<double>& values) {
  CbamOptions options;
  options.pools = pools;
  Cbam gate(1, options);
  set_parameter(gate, "channel.fc1.weight", {1});
  set_parameter(gate, "channel.fc2.weight", {1});
  return torch::logit(run_gate(gate, channels_of({values})).maps[0].values).item<double>();
}

TEST(CbamTest, PoolsAreAdded) {
  const std::vector<double> values{0, 3, 0, 4};
  constexpr double kRounding = 1e-12;
  EXPECT_NEAR(cbam_channel_score({"avg"}, values), 7.0 / 4, kRounding);
  EXPECT_NEAR(cbam_channel_score({"max"}, values), 4, kRounding);
  EXPECT_NEAR(cbam_channel_score({"lp"}, values), 5, kRounding);
  EXPECT_NEAR(cbam_channel_score({"lse"}, values), std::log(2 + std::exp(3.0) + std::exp(4.0)), kRounding);
  EXPECT_NEAR(cbam_channel_score({"lp", "max", "avg"}, values), 5 + 4 + 7.0 / 4, 1e-9);  // the logit of 1 - 2e-5
}

TEST(CbamTest, UnknownPoolsAreRefused) {
  CbamOptions options;
  options.pools = {"avg", "median"};
  EXPECT_THAT([&] { Cbam(16, options); }, ThrowsMessage<InputError>(HasSubstr("got 'median'")));
  options.pools = {};
  EXPECT_THAT([&] { Cbam(16, options); }, ThrowsMessage<InputError>(HasSubstr("some of avg, max, lp and lse, got none")));
}

TEST(CbamTest, VariantsRoundTheWidthAsTheirAuthorsDo) {
  CbamOptions options;
  options.reduction_ratio = 16;
  const auto width = [&](std::int64_t channels) {
    return Cbam(channels, options).named_parameters()["channel.fc1.weight"].size(0);
  };
  EXPECT_EQ(width(40), 3);  // 2.5 to the nearest
  EXPECT_EQ(width(4), 1);
  options.variant = CbamVariant::official;
  EXPECT_EQ(width(40), 2);
  EXPECT_EQ(width(4), 1);
  options.reduction_ratio = CbamOptions().reduction_ratio;
  options.reduced_channels = 5;
  EXPECT_EQ(width(40), 5);
}

TEST(CbamTest, ThePapersByHand) {
  CbamOptions options;
  options.variant = CbamVariant::paper;
  options.kernel_size = 1;
  Cbam gate(2, options);
  EXPECT_EQ(gate.named_buffers().size(), 0U);  // no batch norm
  set_parameter(gate, "channel.fc1.weight", {0, 0});
  set_parameter(gate, "channel.fc1.bias", {1});
  set_parameter(gate, "channel.fc2.weight", {0, 0});
  set_parameter(gate, "channel.fc2.bias", {100, 100});  // passes both channels, but for 1e-43
  set_parameter(gate, "spatial.conv.weight", {1, 10});  // mean, maximum
  set_parameter(gate, "spatial.conv.bias", {-20});
  const auto run = run_gate(gate, channels_of({{1, 2, 0}, {3, 0, 1}}));
  const auto scores = torch::logit(run.maps.at(1).values);
  const auto expected = torch::tensor({2 + 30 - 20.0, 1 + 20 - 20.0, 0.5 + 10 - 20.0}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(scores.flatten(), expected, 1e-9, 1e-9));
}

TEST(CbamTest, TheOthersHaveNoOptionsOfTimms) {
  CbamOptions options;
  options.variant = CbamVariant::official;
  options.bias = true;
  EXPECT_THAT([&] { Cbam(16, options); }, ThrowsMessage<InputError>(HasSubstr("beside official, got bias")));
  options.bias = false;
  options.divisor = 4;
  EXPECT_THAT([&] { Cbam(16, options); }, ThrowsMessage<InputError>(HasSubstr("beside official, got divisor")));
}

TEST(CbamTest, OfficialStartsWithAnOpenSpatialGate) {
  const auto features = channels_of({{1, 2, 3}, {0, -1, 5}});
  CbamOptions options;
  for (const auto variant : {CbamVariant::official, CbamVariant::timm}) {
    options.variant = variant;
    Cbam gate(2, options);
    initialise(gate, 1);
    const auto spatial = run_gate(gate, features).maps[1].values;
    EXPECT_EQ(nearly_equal(spatial, {0.5, 0.5, 0.5}), variant == CbamVariant::official);
  }
}

TEST(CbamTest, EvenKernelsAreRefused) {
  CbamOptions options;
  options.kernel_size = 4;
  EXPECT_THAT([&] { Cbam(16, options); }, ThrowsMessage<InputError>(HasSubstr("cbam: kernel_size: expected an odd number")));
}

}  // namespace
}  // namespace fovea
