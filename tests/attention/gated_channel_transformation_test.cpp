#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/gated_channel_transformation.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"

namespace fovea {
namespace {

const auto kChannelRows = channels_of({{1, -1}, {3, 3}});

torch::Tensor factors_with(ChannelNorm norm) {
  GatedChannelTransformationOptions options;
  options.norm = norm;
  GatedChannelTransformationImpl gate(2, options);
  set_parameter(gate, "alpha", {1, 0.5});
  set_parameter(gate, "gamma", {2, -1});
  set_parameter(gate, "beta", {0, 0.25});
  const auto run = run_gate(gate, kChannelRows);
  EXPECT_TRUE(torch::equal(run.output, kChannelRows * run.maps[0].values.view({1, 2, 1, 1})));
  return run.maps[0].values;
}

TEST(GatedChannelTransformationTest, ChannelsAreMeasuredByTheNorm) {
  // l1: 2 and 0.5 x 6, whose mean is 2.5. l2: squares 2 and 0.25 x 18, whose mean is 3.25, each with its 1e-5.
  const double l1 = 2.5 + 1e-5;
  EXPECT_TRUE(nearly_equal(factors_with(ChannelNorm::l1), {1 + std::tanh(2 * 2 / l1), 1 + std::tanh(-3 / l1 + 0.25)}));
  const double first = 2 + 1e-5, second = 0.25 * (18 + 1e-5);
  const double l2 = std::sqrt((first + second) / 2 + 1e-5);
  EXPECT_TRUE(nearly_equal(factors_with(ChannelNorm::l2),
                           {1 + std::tanh(2 * std::sqrt(first) / l2), 1 + std::tanh(-std::sqrt(second) / l2 + 0.25)}));
}

TEST(GatedChannelTransformationTest, ChangesNothingAtFirst) {
  GatedChannelTransformationImpl gate(2, {});
  initialise(gate, 1);
  EXPECT_TRUE(torch::equal(run_gate(gate, kChannelRows).output, kChannelRows));
}

}  // namespace
}  // namespace fovea
