#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/dropout.h>
#include <fovea/nn/stochastic_depth.h>

namespace fovea {
namespace {

TEST(StochasticDepthTest, EveryImageHasOneFactor) {
  const RandomStream stream(3, Purpose::test);
  const auto branch = torch::zeros({40, 3, 5, 2}, torch::kFloat64).requires_grad_();
  const auto factors = drop_path_mask(branch, 0.75, stream);
  EXPECT_EQ(factors.sizes(), (std::vector<std::int64_t>{40, 1, 1, 1}));
  EXPECT_EQ(factors.scalar_type(), torch::kFloat64);
  EXPECT_FALSE(factors.requires_grad());
  EXPECT_TRUE(torch::equal(factors.flatten(), dropout_mask({40}, 0.75, stream, torch::kFloat64)));
  EXPECT_TRUE(factors.eq(0).logical_or(factors.eq(4)).all().item<bool>());
  EXPECT_GT(factors.eq(0).sum().item<int>(), 0);
  EXPECT_GT(factors.eq(4).sum().item<int>(), 0);
}

TEST(StochasticDepthTest, ABlockDrawsInTrainingOnly) {
  const RandomStream stream(3, Purpose::test);
  const auto branch = torch::zeros({40, 3});
  torch::nn::Linear block(1, 1);
  EXPECT_TRUE(torch::equal(drop_path_mask(*block, branch, 0.75, stream),
                           drop_path_mask(branch, 0.75, stream.child("stochastic_depth"))));
  EXPECT_FALSE(drop_path_mask(*block, branch, 0, stream).defined());
  block->eval();
  EXPECT_FALSE(drop_path_mask(*block, branch, 0.75, stream).defined());
}

// The paper's equation 4 with survival probability p_L = 1 - last: p_l = 1 - l / L (1 - p_L), for the 3 blocks of ResNet-8,
// the 9 of ResNet-20, and the paper's ResNet-110, whose last of 54 blocks survives with probability 0.5.
TEST(StochasticDepthTest, ProbabilitiesRiseLinearlyWithDepth) {
  const std::vector<double> resnet8{0.1, 0.2, 0.3};
  for (std::int64_t block = 1; block <= 3; ++block) {
    EXPECT_DOUBLE_EQ(stochastic_depth_probability(block, 3, 0.3), resnet8[static_cast<std::size_t>(block - 1)]);
  }
  const std::vector<double> resnet20{0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45};
  for (std::int64_t block = 1; block <= 9; ++block) {
    EXPECT_DOUBLE_EQ(stochastic_depth_probability(block, 9, 0.45), resnet20[static_cast<std::size_t>(block - 1)]);
  }
  EXPECT_DOUBLE_EQ(stochastic_depth_probability(27, 54, 0.5), 0.25);
  EXPECT_DOUBLE_EQ(stochastic_depth_probability(54, 54, 0.5), 0.5);
  EXPECT_EQ(stochastic_depth_probability(5, 9, 0), 0);
}

}  // namespace
}  // namespace fovea
