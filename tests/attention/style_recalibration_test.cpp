#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/style_recalibration.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"

namespace fovea {
namespace {

// Divisor of a new module's batch norm in evaluation mode.
const double kNormOfOne = std::sqrt(1 + 1e-5);

TEST(StyleRecalibrationTest, WeighsMeanAndDeviation) {
  StyleRecalibrationImpl gate(2, {});
  set_parameter(gate, "cfc", {0.5, -1, 2, 3});
  const auto scores = torch::logit(run_gate(gate, channels_of({{1, 3}, {1, 1}})).maps[0].values) * kNormOfOne;
  EXPECT_TRUE(nearly_equal(scores, {0.5 * 2 - std::sqrt(2 + 1e-5), 2 + 3 * std::sqrt(1e-5)}));
}

TEST(StyleRecalibrationTest, OneCellDoesNotDeviate) {
  StyleRecalibrationImpl gate(1, {});
  set_parameter(gate, "cfc", {1, 1});
  const auto cell = channels_of({{2}}).requires_grad_();
  const auto run = run_gate(gate, cell);
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values) * kNormOfOne, {2 + std::sqrt(1e-5)}));
  run.output.sum().backward();
  EXPECT_TRUE(torch::isfinite(cell.grad()).all().item<bool>());
}

TEST(StyleRecalibrationTest, StartsAtOneHalf) {
  StyleRecalibrationImpl gate(3, {});
  initialise(gate, 1);
  EXPECT_TRUE(nearly_equal(run_gate(gate, channels_of({{1, 2}, {5, -3}, {0, 0}})).maps[0].values, {0.5, 0.5, 0.5}));
}

}  // namespace
}  // namespace fovea
