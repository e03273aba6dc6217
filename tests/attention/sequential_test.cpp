// Mechanisms as a user of LibTorch takes them: by their own types, inside torch::nn::Sequential.

#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/branch/selective_kernel.h>
#include <fovea/attention/channel/efficient_channel_attention.h>
#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/attention/context/learned_query.h>
#include <fovea/attention/self/bilinear_attention.h>
#include <fovea/attention/spatial/cbam.h>
#include <fovea/attention/warp/spatial_transformer.h>

namespace fovea {
namespace {

constexpr std::int64_t kSequentialChannels = 16;

torch::nn::Conv2d sequential_convolution() {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(3, kSequentialChannels, 3).padding(1));
}

InsertionPoint sequential_point() {
  const FeatureShape in{kSequentialChannels, 7, 7};
  return {
      .kind = InsertionKind::stage, .stage = 1, .in = in, .out_channels = in.channels, .path = "attention", .stages = {in}};
}

/// That the network and its clone give the same, of that shape.
void expect_network_runs(torch::nn::Sequential network, const std::vector<std::int64_t>& shape) {
  torch::manual_seed(1);
  const auto images = torch::rand({2, 3, 7, 7});
  network->eval();
  const auto output = network->forward(images);
  EXPECT_EQ(output.sizes(), shape);
  const auto clone = std::dynamic_pointer_cast<torch::nn::SequentialImpl>(network->clone());
  EXPECT_TRUE(torch::equal(clone->forward(images), output));
}

/// The same of a convolution and these modules.
template <typename... Modules>
void expect_runs(const std::vector<std::int64_t>& shape, const Modules&... modules) {
  expect_network_runs(torch::nn::Sequential(sequential_convolution(), modules...), shape);
}

TEST(SequentialTest, TakesGates) {
  const std::vector<std::int64_t> shape{2, kSequentialChannels, 7, 7};
  const torch::nn::ReLU relu;
  expect_runs(shape, Cbam(kSequentialChannels), relu);
  expect_runs(shape, Cbam(kSequentialChannels, CbamOptions{.reduction_ratio = 8}), relu);
  expect_runs(shape, SqueezeExcitation(kSequentialChannels), relu);
  expect_runs(shape, EfficientChannelAttention(kSequentialChannels, EfficientChannelAttentionOptions{.kernel_size = 5}));
}

TEST(SequentialTest, TakesAMixer) {
  expect_runs({2, 24, 7, 7}, SelectiveKernel(kSequentialChannels, 24), torch::nn::ReLU());
}

TEST(SequentialTest, TakesAPool) {
  const LearnedQuery pool(sequential_point(), LearnedQueryOptions{.heads = 2});
  expect_runs({2, 5}, pool, torch::nn::Linear(kSequentialChannels, 5));
}

TEST(SequentialTest, TakesAWarp) {
  const SpatialTransformer warp(sequential_point(), SpatialTransformerOptions{.height = 4, .width = 5});
  expect_runs({2, kSequentialChannels, 4, 5}, warp, torch::nn::ReLU());
}

TEST(SequentialTest, DrawsByLibTorchsGenerator) {
  torch::nn::Sequential network(sequential_convolution(),
                                BilinearAttention(sequential_point(), BilinearAttentionOptions{.dropout = 0.5}));
  expect_network_runs(network, {2, kSequentialChannels, 7, 7});
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : network->parameters()) parameter.add_(0.1);  // some start at 0, which would hide the draws
  }
  network->train();
  const auto images = torch::rand({2, 3, 7, 7});
  const auto output_by = [&](std::uint64_t seed) {
    torch::manual_seed(seed);
    return network->forward(images).detach();
  };
  const auto first = output_by(1);
  EXPECT_TRUE(torch::equal(output_by(1), first));
  EXPECT_FALSE(torch::equal(output_by(2), first));
}

TEST(SequentialTest, AModuleThatDrawsNothingLeavesLibTorchsGenerator) {
  Cbam cbam(kSequentialChannels);
  const auto images = torch::rand({2, kSequentialChannels, 7, 7});
  const auto next_draw = [&](bool passes) {
    torch::manual_seed(3);
    if (passes) cbam->forward(images);
    return torch::rand({1}).item<float>();
  };
  ASSERT_TRUE(cbam->is_training());
  EXPECT_EQ(next_draw(true), next_draw(false));
}

TEST(SequentialTest, TakesAContext) {
  torch::nn::AnyModule cbam(Cbam{kSequentialChannels});
  ForwardContext context;
  const auto features = torch::rand({2, kSequentialChannels, 3, 4});
  cbam.ptr()->eval();
  EXPECT_TRUE(torch::equal(cbam.forward(features, ContextArgument(context)), cbam.forward(features)));
}

}  // namespace
}  // namespace fovea
