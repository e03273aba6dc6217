#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/effective_squeeze_excitation.h>
#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/base/error.h>

#include "gate_run.h"

namespace fovea {
namespace {

double se_sigmoid(double score) {
  return 1 / (1 + std::exp(-score));
}

/// Two channels, whose means are 1 and -4, into a bottleneck of one and back.
GateRun run_bottleneck(SqueezeExcitationOptions options, const std::vector<std::string>& layers) {
  options.reduced_channels = 1;
  SqueezeExcitationImpl gate(2, options);
  set_parameter(gate, layers[0] + ".weight", {1, 1});
  set_parameter(gate, layers[0] + ".bias", {1});
  set_parameter(gate, layers[1] + ".weight", {10, -1});
  set_parameter(gate, layers[1] + ".bias", {0, 2});
  return run_gate(gate, channels_of({{0, 2}, {-4, -4}}));
}

TEST(SqueezeExcitationTest, ActivationStandsBetweenTheLayers) {
  SqueezeExcitationOptions options;
  EXPECT_TRUE(
      nearly_equal(run_bottleneck(options, {"fc1", "fc2"}).maps[0].values, {0.5, se_sigmoid(2)}));  // hidden: relu(-2)
  options.activation = Activation::leaky_relu;
  EXPECT_TRUE(nearly_equal(run_bottleneck(options, {"fc1", "fc2"}).maps[0].values, {se_sigmoid(-0.2), se_sigmoid(2.02)}));
  options.activation = Activation::none;
  EXPECT_TRUE(nearly_equal(run_bottleneck(options, {"fc1", "fc2"}).maps[0].values, {se_sigmoid(-20), se_sigmoid(4)}));
}

TEST(SqueezeExcitationTest, NamesChangeNothingElse) {
  SqueezeExcitationOptions options;
  options.activation = Activation::none;
  const auto fc = run_bottleneck(options, {"fc1", "fc2"});
  options.names = ExcitationNames::conv;
  EXPECT_TRUE(torch::equal(run_bottleneck(options, {"conv_reduce", "conv_expand"}).output, fc.output));
}

TEST(SqueezeExcitationTest, WidthIsGivenOnce) {
  SqueezeExcitationOptions options;
  options.reduced_channels = 4;
  options.reduction_ratio = 8;
  EXPECT_THROW(SqueezeExcitationImpl(32, options), InputError);
}

TEST(EffectiveSqueezeExcitationTest, OneLayerAndAHardSigmoid) {
  EffectiveSqueezeExcitationOptions options;
  const auto gate_of = [&] {
    EffectiveSqueezeExcitationImpl gate(1, options);
    set_parameter(gate, "fc.weight", {2});
    set_parameter(gate, "fc.bias", {1});
    return run_gate(gate, channels_of({{0, 1}})).maps[0].values;
  };
  EXPECT_TRUE(nearly_equal(gate_of(), {5.0 / 6}));  // (2 x 0.5 + 1 + 3) / 6
  options.max_pool = true;
  EXPECT_TRUE(nearly_equal(gate_of(), {5.5 / 6}));  // of (0.5 + 1) / 2
  options.gate = GateFunction::sigmoid;
  EXPECT_TRUE(nearly_equal(gate_of(), {se_sigmoid(2.5)}));
}

}  // namespace
}  // namespace fovea
