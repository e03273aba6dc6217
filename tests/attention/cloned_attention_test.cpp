#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/attention/cloned_attention.h>

namespace fovea {
namespace {

struct HalvingMixer final : Mixer {
  torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override { return features / 2; }
  std::shared_ptr<torch::nn::Module> rebuilt() const override { return std::make_shared<HalvingMixer>(); }
};

struct MeanPool final : Pool {
  torch::Tensor attend(const PoolInput& input, ForwardContext&) override { return input.features.mean({2, 3}); }
  std::int64_t out_features() const override { return 4; }
  std::shared_ptr<torch::nn::Module> rebuilt() const override { return std::make_shared<MeanPool>(); }
};

struct MirroringWarp final : Warp {
  torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override { return features.flip(3); }
  std::shared_ptr<torch::nn::Module> rebuilt() const override { return std::make_shared<MirroringWarp>(); }
};

/// layer1.0: a gate `se`, a mixer `conv2` and a convolution `conv1`; a pool and a warp around it.
struct AttendingNetwork final : torch::nn::Module {
  AttendingNetwork() {
    gate->start_as_identity();
    const auto stage = register_module("layer1", std::make_shared<torch::nn::Module>());
    stage->register_module("0", block);
    block->register_module("se", gate);
    block->register_module("conv1", torch::nn::Conv2d(4, 4, 1));
    block->register_module("conv2", mixer);
    register_module("warp", warp);
  }

  std::shared_ptr<torch::nn::Module> block = std::make_shared<torch::nn::Module>();
  std::shared_ptr<SqueezeExcitationImpl> gate = std::make_shared<SqueezeExcitationImpl>(4);
  std::shared_ptr<HalvingMixer> mixer = std::make_shared<HalvingMixer>();
  std::shared_ptr<MirroringWarp> warp = std::make_shared<MirroringWarp>();
};

InsertionPoint point_at(const std::string& path) {
  return {.in = {4, 2, 2}, .out_channels = 4, .path = path};
}

TEST(ClonedAttentionTest, GivesCopiesOfWhatTheNetworkHas) {
  AttendingNetwork network;
  ClonedAttention attention(network);
  const auto gate = attention.gate(point_at("layer1.0.se"));
  ASSERT_NE(gate, nullptr);
  EXPECT_NE(gate, network.gate);
  EXPECT_TRUE(torch::equal(gate->named_parameters()["fc1.weight"], network.gate->named_parameters()["fc1.weight"]));
  EXPECT_TRUE(gate->named_parameters().contains("identity_gain"));
  EXPECT_NE(std::dynamic_pointer_cast<HalvingMixer>(attention.mixer(point_at("layer1.0.conv2"))), nullptr);
  EXPECT_NE(std::dynamic_pointer_cast<MirroringWarp>(attention.warp(point_at("warp"))), nullptr);
}

TEST(ClonedAttentionTest, GivesNoneWhereTheNetworkHasNoLayerOfTheKind) {
  const AttendingNetwork network;
  ClonedAttention attention(network);
  EXPECT_EQ(attention.gate(point_at("layer1.1.se")), nullptr);
  EXPECT_EQ(attention.gate(point_at("layer1.0.conv2")), nullptr);   // a mixer
  EXPECT_EQ(attention.mixer(point_at("layer1.0.conv1")), nullptr);  // a convolution
  EXPECT_EQ(attention.mixer(point_at("layer1.0.se.fc1")), nullptr);
  EXPECT_EQ(attention.pool(point_at("pool")), nullptr);
  EXPECT_FALSE(attention.has_pool());
}

TEST(ClonedAttentionTest, KnowsOfThePoolBeforeItIsBuilt) {
  AttendingNetwork network;
  network.register_module("pool", std::make_shared<MeanPool>());
  ClonedAttention attention(network);
  EXPECT_TRUE(attention.has_pool());
  EXPECT_NE(attention.pool(point_at("pool")), nullptr);
}

TEST(ClonedAttentionTest, ABlockInsideANetworkHasAPathOfItsOwn) {
  const AttendingNetwork network;
  ClonedAttention attention(*network.block, "layer1.0");
  EXPECT_NE(attention.gate(point_at("layer1.0.se")), nullptr);
  EXPECT_EQ(attention.gate(point_at("layer1.1.se")), nullptr);
  EXPECT_EQ(attention.gate(point_at("layer1.01.se")), nullptr);
}

}  // namespace
}  // namespace fovea
