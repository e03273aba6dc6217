// Networks and their blocks as a user of LibTorch takes them: by their own types, with images alone.

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/models/glimpse/ram.h>
#include <fovea/models/mobilenet/mobilenet_v2.h>
#include <fovea/models/mobilenet/mobilenet_v3.h>
#include <fovea/models/residual/cifar_resnet.h>
#include <fovea/models/residual/resnet.h>
#include <fovea/models/transformer/class_attention_transformer.h>
#include <fovea/models/transformer/vision_transformer.h>
#include <fovea/models/vgg/vgg.h>

namespace fovea {
namespace {

constexpr InputSpec kHolderInput{3, 32, 32, 5};

/// That the holder, what it holds and a Sequential with a module before it give the same logits.
template <typename Network>
void expect_holder_works(Network network) {
  SCOPED_TRACE(network->name());
  network->eval();
  const auto pixels = torch::rand({2, 3, 32, 32});
  const auto images = pixels * 2 - 1;
  const torch::Tensor logits = network->forward(images);
  EXPECT_EQ(logits.sizes(), (std::vector<std::int64_t>{2, 5}));
  EXPECT_TRUE(torch::isfinite(logits).all().template item<bool>());
  EXPECT_TRUE(torch::equal(network(images), logits));
  const torch::nn::Functional normalise([](const torch::Tensor& values) { return values * 2 - 1; });
  torch::nn::Sequential sequential(normalise, network);
  sequential->eval();
  EXPECT_TRUE(torch::equal(sequential->forward(pixels), logits));
}

TEST(NetworkHoldersTest, WorkLikeLibTorchsModules) {
  expect_holder_works(CifarResnet(CifarResnetOptions{.depth = 8, .width = 4}, kHolderInput));
  expect_holder_works(Resnet(ResnetOptions{.layers = {1, 1, 1, 1}, .channels = {4, 8, 8, 8}}, kHolderInput));
  expect_holder_works(Vgg(VggOptions{.layers = {4, 0, 8, 0}, .hidden = 8}, kHolderInput));
  expect_holder_works(MobileNetV2(MobileNetV2Options{.width = 0.1}, kHolderInput));
  expect_holder_works(MobileNetV3(MobileNetV3Options{.width = 0.1}, kHolderInput));
  expect_holder_works(
      VisionTransformer(VisionTransformerOptions{.patch_size = {8}, .embed_dim = 12, .depth = 2}, kHolderInput));
  expect_holder_works(ClassAttentionTransformer(
      ClassAttentionTransformerOptions{.patch_size = {8}, .embed_dim = 12, .depth = 2}, kHolderInput));
  expect_holder_works(Ram(RamOptions{.glimpses = 2, .width = 8}, kHolderInput));
}

/// That the module gives the same alone and in a Sequential.
template <typename Module>
void expect_stands_in_a_sequential(Module module, const torch::Tensor& input) {
  SCOPED_TRACE(module->name());
  module->eval();
  const torch::Tensor output = module->forward(input);
  torch::nn::Sequential sequential(torch::nn::Identity(), module);
  sequential->eval();
  EXPECT_TRUE(torch::equal(sequential->forward(input), output));
  ForwardContext context;
  EXPECT_TRUE(torch::equal(module->forward(input, context), output));
}

TEST(NetworkHoldersTest, BlocksStandInASequential) {
  const FeatureShape shape{8, 4, 4};
  const auto features = torch::rand({2, 8, 4, 4}), tokens = torch::rand({2, 17, 8});
  expect_stands_in_a_sequential(CifarResnetBlock(CifarResnetBlockPlan{.in = shape, .out_channels = 12}), features);
  expect_stands_in_a_sequential(ResnetBlock(ResnetBlockPlan{.in = shape, .channels = 8}), features);
  expect_stands_in_a_sequential(
      InvertedResidual(InvertedResidualPlan{
          .in = shape, .shape = {.expanded = 16, .out_channels = 8}, .names = timm_inverted_residual(true)}),
      features);
  expect_stands_in_a_sequential(PatchEmbedding(shape, std::vector<std::int64_t>{2}, 6), features);
  expect_stands_in_a_sequential(
      TransformerBlock(TransformerBlockPlan{.grid = shape, .prefix_tokens = 1}, TransformerBlockOptions{.heads = 2}),
      tokens);
  expect_stands_in_a_sequential(TalkingHeads(8, 2), tokens);
  expect_stands_in_a_sequential(PatchRefinement(2), tokens);
}

TEST(NetworkHoldersTest, BlocksRefuseNumbersOutOfTheirRange) {
  const FeatureShape shape{8, 4, 4};
  const InvertedResidualPlan inverted{
      .in = shape, .shape = {.expanded = 16, .out_channels = 8}, .names = timm_inverted_residual(true)};
  for (const double probability : {-0.1, 1.0, std::nan("")}) {
    EXPECT_THROW(CifarResnetBlock(CifarResnetBlockPlan{.in = shape, .drop_probability = probability}), InputError);
    EXPECT_THROW(ResnetBlock(ResnetBlockPlan{.in = shape, .drop_probability = probability}), InputError);
    EXPECT_THROW(TransformerBlock(TransformerBlockPlan{.grid = shape, .drop_probability = probability},
                                  TransformerBlockOptions{.heads = 2}),
                 InputError);
    InvertedResidualPlan dropping = inverted;
    dropping.drop_probability = probability;
    EXPECT_THROW(InvertedResidual{dropping}, InputError);
  }
  for (const double epsilon : {0.0, 2.0, std::nan("")}) {
    InvertedResidualPlan normed = inverted;
    normed.settings.norm_epsilon = epsilon;
    EXPECT_THROW(InvertedResidual{normed}, InputError);
  }
  for (const double scale : {HUGE_VAL, std::nan("")}) {
    EXPECT_THROW(
        TransformerBlock(TransformerBlockPlan{.grid = shape}, TransformerBlockOptions{.heads = 2, .layer_scale = scale}),
        InputError);
  }
}

}  // namespace
}  // namespace fovea
