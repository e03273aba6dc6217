#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/models/mobilenet/mobilenet_v3.h>
#include <fovea/weights/map_keys.h>

#include "network_run.h"
#include "toy_attention.h"

namespace fovea {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSubsetOf;
using testing::Not;

const std::vector<std::string> kVariants{"torchvision", "timm"};

std::set<std::string> tensor_names(const torch::nn::Module& network) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : state_dict(network)) names.insert(name);
  return names;
}

/// The shape of a small network's weight at 32 x 32.
Sizes weight_shape(const std::string& options, const std::string& layer) {
  return built("{name: mobilenet_v3_small, " + options + "}")->named_parameters()[layer + ".weight"].sizes().vec();
}

TEST(MobileNetV3Test, NamesAreTheVariants) {
  const auto torchvision = tensor_names(*built("{name: mobilenet_v3_small, width: 0.25}"));
  EXPECT_THAT((std::vector<std::string>{"features.0.0.weight", "features.1.block.0.0.weight", "features.1.block.1.fc1.bias",
                                        "features.1.block.2.1.running_var", "features.2.block.2.0.weight",
                                        "features.4.block.2.fc2.weight", "features.11.block.3.1.num_batches_tracked",
                                        "features.12.0.weight", "classifier.0.weight", "classifier.3.bias"}),
              IsSubsetOf(torchvision));
  const auto timm = tensor_names(*built("{name: mobilenetv3_small_100, width: 0.25}"));
  EXPECT_THAT((std::vector<std::string>{
                  "conv_stem.weight", "bn1.bias", "blocks.0.0.conv_dw.weight", "blocks.0.0.se.conv_reduce.weight",
                  "blocks.0.0.bn2.running_mean", "blocks.1.0.conv_pwl.weight", "blocks.4.2.se.conv_expand.bias",
                  "blocks.5.0.conv.weight", "blocks.5.0.bn1.weight", "conv_head.bias", "classifier.weight"}),
              IsSubsetOf(timm));
  EXPECT_EQ(torchvision.size(), timm.size());
}

TEST(MobileNetV3Test, VariantsScaleTheirWidthsInTheirOwnWays) {
  const std::string torchvision = "variant: torchvision, width: ", timm = "variant: timm, width: ";
  // The first convolution: timm leaves it at 16 below a width of 0.75; 16 x 1.25 = 20 is rounded up.
  EXPECT_EQ(weight_shape(torchvision + "0.5", "features.0.0")[0], 8);
  EXPECT_EQ(weight_shape(timm + "0.5", "conv_stem")[0], 16);
  EXPECT_EQ(weight_shape(timm + "1.25", "conv_stem")[0], 24);
  // An expansion: 0.5 x 72, or 4.5 x 8.
  EXPECT_EQ(weight_shape(torchvision + "0.5", "features.2.block.0.0")[0], 40);
  EXPECT_EQ(weight_shape(timm + "0.5", "blocks.1.0.conv_pw")[0], 40);
  EXPECT_EQ(weight_shape(torchvision + "0.25", "features.2.block.0.0")[0], 24);
  EXPECT_EQ(weight_shape(timm + "0.25", "blocks.1.0.conv_pw")[0], 40);
  // The last convolution: six times 0.35 x 96 rounded, or 0.35 x 576 rounded. The hidden layer.
  EXPECT_EQ(weight_shape(torchvision + "0.35", "features.12.0")[0], 192);
  EXPECT_EQ(weight_shape(timm + "0.35", "blocks.5.0.conv")[0], 200);
  EXPECT_EQ(weight_shape(torchvision + "0.5", "classifier.0"), (Sizes{512, 288}));
  EXPECT_EQ(weight_shape(timm + "0.5", "conv_head"), (Sizes{1024, 288, 1, 1}));
  // torchvision has no expansion where it would not widen.
  EXPECT_EQ(weight_shape(torchvision + "0.1", "features.2.block.0.0"), (Sizes{8, 1, 3, 3}));
}

TEST(MobileNetV3Test, NormsAreTheVariantsUnlessSaid) {
  const auto numbers = [](const std::string& model) {
    std::set<std::pair<double, double>> all;
    for (const auto& module : built(model)->modules()) {
      const auto* norm = module->as<torch::nn::BatchNorm2d>();
      if (norm != nullptr) all.emplace(norm->options.eps(), norm->options.momentum().value());
    }
    return all;
  };
  EXPECT_THAT(numbers("{name: mobilenet_v3_small, width: 0.1}"), ElementsAre(std::pair(1e-3, 0.01)));
  EXPECT_THAT(numbers("{name: mobilenetv3_small_100, width: 0.1}"), ElementsAre(std::pair(1e-5, 0.1)));
  EXPECT_THAT(numbers("{name: mobilenet_v3_small, width: 0.1, norm_epsilon: 0.5, norm_momentum: 0.25}"),
              ElementsAre(std::pair(0.5, 0.25)));
}

TEST(MobileNetV3Test, TheOtherVariantsNamesAreOfferedWhereLogitsWouldBeEqual) {
  const auto mappings = [](const std::string& model) {
    std::vector<std::string> names;
    for (const KeyMapping& mapping : key_mappings_of(*built(model))) names.push_back(mapping.name);
    return names;
  };
  EXPECT_THAT(mappings("mobilenet_v3_small"), ElementsAre("timm", "torchvision"));
  EXPECT_THAT(mappings("mobilenetv3_large_100"), ElementsAre("torchvision", "timm"));
  EXPECT_THAT(mappings("{name: mobilenet_v3_small, norm_epsilon: 0.5}"), ElementsAre("timm", "torchvision"));
  EXPECT_THAT(mappings("mobilenetv3_small_075"), ElementsAre("timm")) << "other widths";
}

TEST(MobileNetV3Test, WeightsOfTheOtherVariantGiveTheSameLogits) {
  const InputSpec input{3, 32, 48, 5};
  for (const char* size : {"small", "large"}) {
    const auto torchvision = built(std::string("mobilenet_v3_") + size, input);
    const auto timm = built(std::string("mobilenetv3_") + size + "_100", input);
    give_life(*torchvision, 1);
    const auto mapping = key_mappings_of(*torchvision).at(0);
    load_state_dict(*timm, to_external_names(mapping, state_dict(*torchvision)), "there");
    torchvision->eval();
    timm->eval();
    const auto images = normal_images(2, input);
    const auto expected = logits_for(*torchvision, images);
    // The hidden layer is a convolution there: float32 sums in another order.
    EXPECT_LT((logits_for(*timm, images) - expected).abs().max().item<double>(), 1e-5 * expected.abs().max().item<double>());
  }
}

/// The kinds of attention that a network offers, with the modules' names.
struct AttentionNames final : ForwardHooks {
  explicit AttentionNames(const torch::nn::Module& root) : names(root) {}
  torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about, const torch::Tensor& tensor) override {
    if (!is_features(about.kind)) offered.push_back(to_string(about.kind) + " " + names.of(module));
    return tensor;
  }
  ModuleNames names;
  std::vector<std::string> offered;
};

TEST(MobileNetV3Test, ItsOwnAttentionIsWhereThePaperHasIt) {
  const auto attention = [](const std::string& model) {
    const auto network = built(model);
    network->eval();
    AttentionNames hooks(*network);
    logits_for(*network, normal_images(1, kCifarInput), &hooks);
    return hooks.offered;
  };
  std::vector<std::string> small{"channel features.1.block.1"};
  for (int block = 4; block <= 11; ++block) small.push_back("channel features." + std::to_string(block) + ".block.2");
  EXPECT_EQ(attention("{name: mobilenet_v3_small, width: 0.25}"), small);
  EXPECT_THAT(
      attention("{name: mobilenetv3_large_100, width: 0.25}"),
      ElementsAre("channel blocks.2.0.se", "channel blocks.2.1.se", "channel blocks.2.2.se", "channel blocks.4.0.se",
                  "channel blocks.4.1.se", "channel blocks.5.0.se", "channel blocks.5.1.se", "channel blocks.5.2.se"));
  EXPECT_THAT(attention("{name: mobilenet_v3_small, width: 0.25, squeeze_excitation: false}"), IsEmpty());
  EXPECT_THAT(attention("{name: mobilenet_v3_small, width: 0.25, minimal: true}"), IsEmpty());
}

TEST(MobileNetV3Test, AnotherGateTakesTheOwnOnesPlace) {
  for (const std::string& variant : kVariants) {
    SCOPED_TRACE(variant);
    const std::string base = "{name: mobilenet_v3_small, width: 0.25, variant: " + variant;
    const std::string place = variant == "timm" ? "blocks.2.0.se" : "features.4.block.2";
    const std::string without = variant == "timm" ? "blocks.1.0.se" : "features.2.se";
    const auto bare = tensor_names(*built(base + ", squeeze_excitation: false}"));
    auto names = tensor_names(*built(base + ", attention: {name: eca, stages: [2, 3]}}"));
    EXPECT_THAT(names, Contains(place + ".conv.weight"));
    EXPECT_THAT(names, Contains(without + ".conv.weight"));
    EXPECT_THAT(names, Not(Contains(testing::StartsWith(place + (variant == "timm" ? ".conv_reduce" : ".fc1")))));
    EXPECT_THAT(names, Contains(variant == "timm" ? "blocks.3.0.se.conv_reduce.weight" : "features.7.block.2.fc1.weight"))
        << "other stages keep theirs";
    EXPECT_THAT(bare, IsSubsetOf(names)) << "another name was shifted";
    EXPECT_THAT(bare, Not(Contains(testing::HasSubstr("fc1"))));
    EXPECT_THAT(bare, Not(Contains(testing::HasSubstr("conv_reduce"))));
  }
}

TEST(MobileNetV3Test, SitesHaveTheVariantsNames) {
  for (const std::string& variant : kVariants) {
    MobileNetV3Options options;
    options.width = 0.25;
    const bool timm = variant == "timm";
    if (timm) options.variant = MobileNetV3Variant::timm;
    ToyAttention attention;
    MobileNetV3Impl network(options, kCifarInput, attention);
    logits_for(network, normal_images(2, kCifarInput));
    for (const std::string& place : {std::string("gate stage1_gate"), std::string("warp stage6_warp"),
                                     std::string(timm ? "gate blocks.0.0.se" : "gate features.1.block.1"),
                                     std::string(timm ? "mixer blocks.4.1.conv_dw" : "mixer features.10.block.1.0")}) {
      EXPECT_TRUE(attention.visits.contains(place)) << place;
    }
    EXPECT_EQ(attention.visits.at(timm ? "gate blocks.4.1.se" : "gate features.10.block.2").point.stage, 5);
    EXPECT_TRUE(attention.last_pool->last_is_features);
  }
}

TEST(MobileNetV3Test, StagesAreTimms) {
  const InputSpec input{3, 96, 160, 5};
  const auto stages = [&](const std::string& model) {
    const auto network = built(model, input);
    network->eval();
    FeatureHooks hooks;
    logits_for(*network, normal_images(1, input), &hooks);
    const ModuleNames names(*network);
    std::vector<std::pair<std::string, Sizes>> all;
    for (std::size_t i = 0; i < hooks.modules.size(); ++i) all.emplace_back(names.of(*hooks.modules[i]), hooks.shapes[i]);
    return all;
  };
  using Stage = std::pair<std::string, Sizes>;
  EXPECT_THAT(stages("mobilenet_v3_small"),
              ElementsAre(Stage{"features.1", {1, 16, 24, 40}}, Stage{"features.3", {1, 24, 12, 20}},
                          Stage{"features.6", {1, 40, 6, 10}}, Stage{"features.8", {1, 48, 6, 10}},
                          Stage{"features.11", {1, 96, 3, 5}}, Stage{"features.12", {1, 576, 3, 5}}));
  EXPECT_THAT(
      stages("mobilenetv3_large_100"),
      ElementsAre(Stage{"blocks.0", {1, 16, 48, 80}}, Stage{"blocks.1", {1, 24, 24, 40}}, Stage{"blocks.2", {1, 40, 12, 20}},
                  Stage{"blocks.3", {1, 80, 6, 10}}, Stage{"blocks.4", {1, 112, 6, 10}}, Stage{"blocks.5", {1, 160, 3, 5}},
                  Stage{"blocks.6", {1, 960, 3, 5}}));
}

TEST(MobileNetV3Test, MinimalIsReluAnd3x3) {
  const auto network = built("{name: mobilenet_v3_small, width: 0.1, minimal: true}");
  for (const auto& item : network->named_parameters()) {
    EXPECT_TRUE(item.value().dim() < 4 || item.value().size(3) <= 3) << item.key();
  }
  give_life(*network, 1);
  network->eval();
  FeatureHooks hooks;
  logits_for(*network, normal_images(4, kCifarInput), &hooks);
  EXPECT_EQ(hooks.features.back().min().item<double>(), 0) << "hard swish would go below";
}

TEST(MobileNetV3Test, DropoutActsOnTheHiddenLayersResult) {
  for (const std::string& variant : kVariants) {
    SCOPED_TRACE(variant);
    const auto network =
        built("{name: mobilenet_v3_small, width: 0.1, dropout: 0.75, variant: " + variant + "}", {3, 32, 32, 1});
    network->to(torch::kFloat64);
    initialise(*network, 1);
    const bool timm = variant == "timm";
    const std::int64_t hidden = timm ? 1024 : 104;
    {
      const torch::NoGradGuard no_grad;  // the hidden layer is 2 everywhere, hard swish makes 2 x 5 / 6 of it
      auto parameters = network->named_parameters();
      parameters[timm ? "conv_head.weight" : "classifier.0.weight"].zero_();
      parameters[timm ? "conv_head.bias" : "classifier.0.bias"].fill_(2);
      parameters[timm ? "classifier.weight" : "classifier.3.weight"].fill_(1);
      parameters[timm ? "classifier.bias" : "classifier.3.bias"].zero_();
    }
    network->train();
    ForwardContext context;
    context.random = RandomStream(17, Purpose::test);
    const auto logits = logits_for(*network, normal_images(3, kCifarInput, torch::kFloat64), context);
    RandomStream stream = RandomStream(17, Purpose::test).child("dropout");
    for (std::int64_t image = 0; image < 3; ++image) {
      double expected = 0;
      for (std::int64_t i = 0; i < hidden; ++i) expected += stream.uniform() < 0.75 ? 0 : 4 * 2 * 5.0 / 6;
      EXPECT_NEAR(logits[image].item<double>(), expected, 1e-9 * expected);
    }
  }
}

}  // namespace
}  // namespace fovea
