#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/models/internal/families.h>
#include <fovea/models/residual/resnet.h>
#include <fovea/models/residual/resnet_blocks.h>

#include "network_run.h"
#include "toy_attention.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Names of layers below `prefix`: parameters without their last part.
std::set<std::string> layers_below(const torch::nn::Module& network, const std::string& prefix) {
  std::set<std::string> layers;
  for (const std::string& name : network.named_parameters().keys()) {
    if (name.starts_with(prefix)) layers.insert(name.substr(0, name.rfind('.')));
  }
  return layers;
}

TEST(ResnetTest, ParametersHaveTorchvisionsNames) {
  const auto basic = built("{name: resnet18, layers: [1, 1, 1, 1]}");
  EXPECT_THAT(layers_below(*basic, "layer1"),
              ElementsAre("layer1.0.bn1", "layer1.0.bn2", "layer1.0.conv1", "layer1.0.conv2"));
  EXPECT_THAT(layers_below(*basic, "layer2.0.down"), ElementsAre("layer2.0.downsample.0", "layer2.0.downsample.1"));
  const auto bottleneck = built("{name: resnet50, layers: [1, 1, 1, 1], channels: [8, 8, 8, 8]}");
  EXPECT_THAT(layers_below(*bottleneck, "layer3"),
              ElementsAre("layer3.0.bn1", "layer3.0.bn2", "layer3.0.bn3", "layer3.0.conv1", "layer3.0.conv2",
                          "layer3.0.conv3", "layer3.0.downsample.0", "layer3.0.downsample.1"));
  EXPECT_THAT(layers_below(*bottleneck, "conv1"), ElementsAre("conv1"));
  EXPECT_THAT(layers_below(*bottleneck, "fc"), ElementsAre("fc"));
}

TEST(ResnetTest, ADeepStemAndMeansHaveTimmsNames) {
  const auto network = built("{name: resnet50d, layers: [1, 1, 1, 1], channels: [8, 8, 8, 8]}");
  EXPECT_THAT(layers_below(*network, "conv1"), ElementsAre("conv1.0", "conv1.1", "conv1.3", "conv1.4", "conv1.6"));
  EXPECT_THAT(layers_below(*network, "layer1.0.down"), ElementsAre("layer1.0.downsample.1", "layer1.0.downsample.2"));
  EXPECT_EQ(network->input_layer(), "conv1.0");
}

TEST(ResnetTest, AStemHasTimmsWidths) {
  const auto widths = [](const std::string& options) {
    const auto network = built("{name: resnet18, layers: [1, 1, 1, 1], channels: [8, 8, 8, 8], " + options + "}");
    std::vector<std::int64_t> channels;
    for (const auto& item : network->named_parameters()) {
      if (item.key().starts_with("conv1") && item.value().dim() == 4) channels.push_back(item.value().size(0));
    }
    return channels;
  };
  EXPECT_THAT(widths("stem: plain"), ElementsAre(64)) << "whatever the channels of the stages";
  EXPECT_THAT(widths("stem: deep, stem_width: 10"), ElementsAre(10, 10, 20));
  EXPECT_THAT(widths("stem: deep_tiered, stem_width: 10"), ElementsAre(6, 10, 20));
}

/// {stride, dilation} of a convolution.
std::pair<std::int64_t, std::int64_t> reach_of(const torch::nn::Module& network, const std::string& path) {
  const auto modules = network.named_modules();
  const auto& options = modules[path]->as<torch::nn::Conv2d>()->options;
  return {options.stride()->at(0), options.dilation()->at(0)};
}

TEST(ResnetTest, DilatedStagesBeginAsFarAsTheStageBeforeReached) {
  using Reach = std::pair<std::int64_t, std::int64_t>;
  const std::string small = ", layers: [1, 2, 2, 2], channels: [8, 8, 12, 16], output_stride: 8}";
  const auto basic = built("{name: resnet18" + small);
  EXPECT_EQ(reach_of(*basic, "layer2.0.conv1"), Reach(2, 1));
  EXPECT_EQ(reach_of(*basic, "layer3.0.conv1"), Reach(1, 1));
  EXPECT_EQ(reach_of(*basic, "layer3.0.conv2"), Reach(1, 2));
  EXPECT_EQ(reach_of(*basic, "layer3.1.conv1"), Reach(1, 2));
  EXPECT_EQ(reach_of(*basic, "layer4.0.conv1"), Reach(1, 2));
  EXPECT_EQ(reach_of(*basic, "layer4.0.conv2"), Reach(1, 4));
  const auto bottleneck = built("{name: resnet50" + small);
  EXPECT_EQ(reach_of(*bottleneck, "layer2.0.conv2"), Reach(2, 1));
  EXPECT_EQ(reach_of(*bottleneck, "layer3.0.conv2"), Reach(1, 1));
  EXPECT_EQ(reach_of(*bottleneck, "layer3.1.conv2"), Reach(1, 2));
  EXPECT_EQ(reach_of(*bottleneck, "layer4.0.conv2"), Reach(1, 2));
  EXPECT_EQ(reach_of(*bottleneck, "layer4.1.conv2"), Reach(1, 4));
}

TEST(ResnetTest, TheOutputStrideSaysHowManyPixelsACellHas) {
  for (const std::int64_t stride : {8, 16, 32}) {
    const InputSpec input{1, 65, 90, 3};
    const auto network = built(
        "{name: resnet50d, layers: [1, 1, 1, 1], channels: [4, 4, 4, 4], output_stride: " + std::to_string(stride) + "}",
        input);
    network->eval();
    FeatureHooks hooks;
    logits_for(*network, normal_images(1, input), &hooks);
    ASSERT_EQ(hooks.shapes.size(), 4U);
    EXPECT_EQ(hooks.shapes[0], (Sizes{1, 16, 17, 23}));
    EXPECT_EQ(hooks.shapes[3], (Sizes{1, 16, (65 + stride - 1) / stride, (90 + stride - 1) / stride}));
  }
}

/// A block whose branch adds nothing and whose shortcut does not mix channels: what comes out is relu(means or positions).
std::shared_ptr<ResnetBlockImpl> shortcut_block(ResnetBlockPlan plan) {
  AttentionFactory nothing;
  plan.path = "layer2.0";
  auto block = std::make_shared<ResnetBlockImpl>(plan, nothing);
  const torch::NoGradGuard no_grad;
  block->named_parameters()["bn2.weight"].zero_();
  block->named_parameters()["bn2.bias"].zero_();
  for (const auto& parameter : block->named_parameters()) {
    const torch::Tensor& weight = parameter.value();
    if (parameter.key().starts_with("downsample.") && weight.dim() == 4)
      weight.copy_(torch::eye(weight.size(0), weight.size(1)).view_as(weight));
  }
  block->eval();
  return block;
}

torch::Tensor through(ResnetBlockImpl& block, const torch::Tensor& features) {
  ForwardContext context;
  return block.forward(features, context);
}

// The fresh norm behind the shortcut divides by sqrt(1 + 1e-5): 5e-6 of the value.
constexpr double kFreshNorm = 1e-5;

TEST(ResnetBlockTest, AShortcutTakesEverySecondCellOrMeansOfFour) {
  const auto features = torch::arange(1, 16, torch::kFloat32).view({1, 1, 3, 5});
  ResnetBlockPlan plan{ResnetBlockKind::basic, {1, 3, 5}, 1};
  plan.stride = 2;
  const auto positions = torch::tensor({1, 3, 5, 11, 13, 15}, torch::kFloat32).view({1, 1, 2, 3});
  EXPECT_TRUE(torch::allclose(through(*shortcut_block(plan), features), positions, kFreshNorm));
  plan.avg_down = true;  // positions beyond the edges are not there
  const auto means = torch::tensor({4.0, 6.0, 7.5, 11.5, 13.5, 15.0}, torch::kFloat32).view({1, 1, 2, 3});
  EXPECT_TRUE(torch::allclose(through(*shortcut_block(plan), features), means, kFreshNorm));
}

TEST(ResnetBlockTest, ADilatedShortcutTakesMeansAtEveryCellAmongZeros) {
  ResnetBlockPlan plan{ResnetBlockKind::basic, {1, 2, 3}, 2};
  plan.avg_down = true;
  plan.dilation = 2;
  const auto features = torch::arange(1, 7, torch::kFloat32).view({1, 1, 2, 3});
  const auto means = torch::tensor({3.0, 4.0, 2.25, 2.25, 2.75, 1.5}, torch::kFloat32).view({2, 3});
  const auto result = through(*shortcut_block(plan), features);
  EXPECT_EQ(result.sizes(), (Sizes{1, 2, 2, 3}));
  EXPECT_TRUE(torch::allclose(result[0][0], means, kFreshNorm));
}

TEST(ResnetBlockTest, AnUnchangedShapeHasNoShortcutLayers) {
  AttentionFactory nothing;
  ResnetBlockPlan plan{ResnetBlockKind::bottleneck, {32, 4, 4}, 8};
  plan.avg_down = true;
  plan.dilation = plan.first_dilation = 2;
  EXPECT_THAT(layers_below(ResnetBlockImpl(plan, nothing), "down"), ElementsAre());
}

TEST(ResnetBlockTest, ABranchIsLeftOutOrScaledUp) {
  AttentionFactory nothing;
  ResnetBlockPlan plan{ResnetBlockKind::basic, {3, 4, 5}, 3};
  plan.path = "layer1.0";
  ResnetBlockImpl kept(plan, nothing);
  plan.drop_probability = 0.75;
  ResnetBlockImpl dropping(plan, nothing);
  initialise(kept, 1);
  initialise(dropping, 1);
  kept.eval();
  dropping.eval();
  const auto features = normal_images(40, {3, 4, 5}).abs();
  EXPECT_TRUE(torch::equal(through(dropping, features), through(kept, features)));
  dropping.train(true);
  for (const auto& norm : {"bn1", "bn2"}) dropping.named_children()[norm]->eval();
  const auto batch = through(dropping, features);
  // relu(x + b) is known, x + b is not where it is negative: compare where relu(x + 4 b) could be seen to come from it.
  const auto once = through(kept, features);
  int left_out = 0, scaled = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    const auto visible = once[i] > 0;
    const auto fourfold = torch::relu(features[i] + 4 * (once[i] - features[i]));
    left_out += torch::equal(batch[i], features[i]) ? 1 : 0;
    scaled += torch::allclose(batch[i].masked_select(visible), fourfold.masked_select(visible), 1e-4, 1e-5) ? 1 : 0;
  }
  EXPECT_EQ(left_out + scaled, 40);
  EXPECT_NEAR(left_out, 30, 9) << "three standard deviations";
}

TEST(ResnetTest, AMixerTakesTheConvolutionThatShrinks) {
  ToyAttention attention;
  const InputSpec input{3, 50, 70, 5};
  ResnetOptions options;
  options.block = ResnetBlockKind::bottleneck;
  options.layers = {1, 2, 1, 1};
  options.channels = {16, 16, 16, 16};
  options.cardinality = 2;
  ResnetImpl network(options, input, attention);
  logits_for(network, normal_images(2, input));
  const InsertionPoint& shrinking = attention.visits.at("mixer layer2.0.conv2").point;
  EXPECT_EQ(sizes_of(shrinking.in), (Sizes{32, 13, 18}));
  EXPECT_EQ(shrinking.out_channels, 32);
  EXPECT_EQ(shrinking.stride, 2);
  EXPECT_EQ(attention.visits.at("mixer layer2.1.conv2").point.stride, 1);
  EXPECT_EQ(sizes_of(attention.visits.at("gate layer2.0.se").point.in), (Sizes{64, 7, 9}));
}

TEST(ResnetTest, RowsWithAttentionAreResnetsWithIt) {
  const auto keys = [](const std::string& yaml) { return built(yaml)->named_parameters().keys(); };
  EXPECT_EQ(keys("seresnet18"), keys("{name: resnet18, attention: se}"));
  EXPECT_EQ(keys("{name: cbam_resnet18, attention: none}"), keys("resnet18"));
  for (const ModelRow& row : resnet_models()) {
    EXPECT_EQ(row.attention == "none", row.traits.axis.empty()) << row.name;
    EXPECT_TRUE(row.preprocessing.has_value()) << row.name;
    EXPECT_EQ(model_of(row.name).attention.entries.empty(), row.attention == "none") << row.name;
  }
}

TEST(ResnetTest, ImpossibleOptionsAreRefused) {
  const auto message = [](const std::string& options) -> std::string {
    try {
      built("{name: resnet18, " + options + "}");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_EQ(message("stem_width: 32"),
            "model.stem_width: expected 64, which a plain stem always has, got 32; choose stem: deep or deep_tiered");
  EXPECT_EQ(message("stem: deep_tiered, stem_width: 3"),
            "model.stem_width: expected at least 4 with stem: deep_tiered, got 3");
  EXPECT_EQ(message("cardinality: 2"), "model.cardinality: expected 1 with block: basic, got 2; choose block: bottleneck");
  EXPECT_EQ(message("base_width: 128"),
            "model.base_width: expected 64 with block: basic, got 128; choose block: bottleneck");
  EXPECT_EQ(message("block: bottleneck, channels: [8, 16, 32, 64], base_width: 4"),
            "model.base_width: expected at least 64 / 8 with that many channels in a stage, got 4");
  EXPECT_EQ(message("output_stride: 12"), "model.output_stride: expected 8, 16 or 32, got 12");
  EXPECT_THAT(message("layers: [1, 1, 1]"), HasSubstr("model.layers: expected"));
}

}  // namespace
}  // namespace fovea
