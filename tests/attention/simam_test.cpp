#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/simam.h>

#include "gate_run.h"

namespace fovea {
namespace {

TEST(SimamTest, CellsFarFromTheirChannelsMeanCount) {
  SimamOptions options;
  options.e_lambda = 0.5;
  SimamImpl gate(2, options);
  const auto features = channels_of({{0, 0, 3}, {5, 5, 5}});
  const auto run = run_gate(gate, features);
  // Squares 1, 1, 4 and their sum over two: the variance is 3.
  const double near = 1 / (4 * 3.5) + 0.5, far = 4 / (4 * 3.5) + 0.5;
  EXPECT_EQ(run.maps[0].kind, MapKind::dense);
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {near, near, far, 0.5, 0.5, 0.5}));
  EXPECT_TRUE(torch::equal(run.output, features * run.maps[0].values));
}

TEST(SimamTest, OneCellIsItsOwnMean) {
  SimamImpl gate(1, {});
  EXPECT_TRUE(nearly_equal(torch::logit(run_gate(gate, channels_of({{7}})).maps[0].values), {0.5}));
}

}  // namespace
}  // namespace fovea
