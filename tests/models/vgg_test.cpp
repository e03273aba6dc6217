#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/models/vgg/vgg.h>
#include <fovea/weights/map_keys.h>

#include "network_run.h"
#include "toy_attention.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::StartsWith;
using testing::ThrowsMessage;

/// A convolution for each entry of `layers` that is not 0.
std::string tiny_vgg(const std::string& layers, const std::string& more = "") {
  return "{name: vgg11_bn, hidden: 6, layers: [" + layers + "]" + more + "}";
}

std::set<std::string> weights_of(const torch::nn::Module& network) {
  std::set<std::string> names;
  for (const std::string& name : network.named_parameters().keys()) {
    if (name.ends_with(".weight")) names.insert(name.substr(0, name.size() - 7));
  }
  return names;
}

TEST(VggTest, LayersAreNumberedAsInTorchvision) {
  EXPECT_THAT(weights_of(*built(tiny_vgg("4, 0, 5, 6, 0"))),
              ElementsAre("classifier.0", "classifier.3", "classifier.6", "features.0", "features.1", "features.4",
                          "features.5", "features.7", "features.8"));
  EXPECT_THAT(weights_of(*built(tiny_vgg("4, 0, 5, 6, 0", ", norm: none"))),
              ElementsAre("classifier.0", "classifier.3", "classifier.6", "features.0", "features.3", "features.5"));
}

TEST(VggTest, TimmsHeadIsTwoConvolutionsAndALinearLayer) {
  const auto network = built(tiny_vgg("4, 0", ", variant: timm, mlp_ratio: 0.6"));
  EXPECT_THAT(weights_of(*network), ElementsAre("features.0", "features.1", "head.fc", "pre_logits.fc1", "pre_logits.fc2"));
  const auto parameters = network->named_parameters();
  EXPECT_EQ(parameters["pre_logits.fc1.weight"].sizes(), (Sizes{3, 4, 7, 7})) << "0.6 x 6, rounded down";
  EXPECT_EQ(parameters["pre_logits.fc2.weight"].sizes(), (Sizes{6, 3, 1, 1}));
  EXPECT_EQ(parameters["head.fc.weight"].sizes(), (Sizes{10, 6}));
}

TEST(VggTest, AttentionMovesNoNumber) {
  const auto plain = weights_of(*built(tiny_vgg("4, 0, 5, 6, 0")));
  const auto gated = weights_of(*built(tiny_vgg("4, 0, 5, 6, 0", ", attention: eca")));
  EXPECT_THAT(gated, IsSupersetOf(plain));
  EXPECT_EQ(gated.size(), plain.size() + 3);
  EXPECT_THAT(gated, IsSupersetOf({"features.2_gate.conv", "features.6_gate.conv", "features.9_gate.conv"}));
}

TEST(VggTest, AGateStandsBehindTheReluAndAMixerReplacesAllButTheFirstConvolution) {
  struct Watching final : AttentionFactory {
    struct Watch final : Gate {
      torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override {
        minima.push_back(features.min().item<double>());
        return features * 0;
      }
      std::vector<double> minima;
    };
    std::shared_ptr<Gate> gate(const InsertionPoint& point) override {
      return point.path == "features.2_gate" ? watch : nullptr;
    }
    std::shared_ptr<Mixer> mixer(const InsertionPoint& point) override {
      mixers.push_back(point.path);
      return nullptr;
    }
    std::shared_ptr<Watch> watch = std::make_shared<Watch>();
    std::vector<std::string> mixers;
  } attention;
  VggOptions options;
  options.layers = {4, 5, 0, 6, 0};
  options.hidden = 6;
  VggImpl network(options, kCifarInput, attention);
  give_life(network, 1);
  network.eval();
  const auto logits = logits_for(network, normal_images(2, kCifarInput));
  EXPECT_THAT(attention.watch->minima, ElementsAre(0.0));
  EXPECT_TRUE(torch::equal(logits[0], logits[1])) << "what the gate silences does not reach the next convolution";
  EXPECT_THAT(attention.mixers, ElementsAre("features.3", "features.7"));
}

TEST(VggTest, AStageEndsWithEachPoolAndBehindTheLast) {
  const InputSpec input{2, 21, 34, 5};
  const auto hooked = [&](const std::string& layers) {
    const auto network = built(tiny_vgg(layers), input);
    network->eval();
    FeatureHooks hooks;
    logits_for(*network, normal_images(1, input), &hooks);
    const ModuleNames names(*network);
    std::vector<std::pair<std::string, Sizes>> stages;
    for (std::size_t i = 0; i < hooks.modules.size(); ++i) stages.emplace_back(names.of(*hooks.modules[i]), hooks.shapes[i]);
    return stages;
  };
  using Stage = std::pair<std::string, Sizes>;
  EXPECT_THAT(hooked("4, 0, 5, 0"), ElementsAre(Stage("features.3", {1, 4, 10, 17}), Stage("features.7", {1, 5, 5, 8})));
  EXPECT_THAT(hooked("4, 0, 5, 6"), ElementsAre(Stage("features.3", {1, 4, 10, 17}), Stage("features.9", {1, 6, 10, 17})));
  EXPECT_THAT(hooked("0, 4, 0, 0"), ElementsAre(Stage("features.0", {1, 2, 10, 17}), Stage("features.4", {1, 4, 5, 8}),
                                                Stage("features.5", {1, 4, 2, 4})));
  EXPECT_EQ(built(tiny_vgg("0, 4, 0"), input)->input_layer(), "features.1");
}

/// The network's tensors as the other variant has them.
NamedTensors in_the_other_variant(const Classifier& network) {
  return to_external_names(key_mappings_of(network).front(), copy_state(network));
}

TEST(VggTest, BothVariantsAreOneNetworkWhereFeaturesAreSevenCellsOrLess) {
  for (const auto& [height, width] : {std::pair{14, 14}, std::pair{14, 6}, std::pair{4, 10}}) {
    SCOPED_TRACE(testing::Message() << height << " x " << width);
    const InputSpec input{2, height, width, 5};
    const auto torchvision = built(tiny_vgg("4, 0, 5", ", mlp_ratio: 1.5"), input);
    const auto timm = built(tiny_vgg("4, 0, 5", ", mlp_ratio: 1.5, variant: timm"), input);
    give_life(*torchvision, 1);
    load_state_dict(*timm, in_the_other_variant(*torchvision), "timm");
    for (const auto& network : {torchvision, timm}) {
      network->eval();
      network->to(torch::kFloat64);
    }
    const auto images = normal_images(3, input, torch::kFloat64);
    const auto logits = logits_for(*torchvision, images);
    EXPECT_TRUE(torch::allclose(logits_for(*timm, images), logits, 1e-12, 1e-12));  // rounding in float64

    torchvision->to(torch::kFloat32);
    timm->to(torch::kFloat32);
    const auto back = in_the_other_variant(*timm);
    for (const auto& [name, tensor] : state_dict(*torchvision)) EXPECT_TRUE(torch::equal(back.at(name), tensor)) << name;
  }
}

/// A network whose features are the images themselves, for images without negative values.
std::shared_ptr<Classifier> head_alone(const std::string& variant, const InputSpec& input) {
  auto network = built(tiny_vgg("1", ", norm: none, variant: " + variant), input);
  network->to(torch::kFloat64);
  give_life(*network, 1);
  network->eval();
  const torch::NoGradGuard no_grad;
  auto parameters = network->named_parameters();
  parameters["features.0.bias"].zero_();
  parameters["features.0.weight"].zero_();
  parameters["features.0.weight"][0][0][1][1] = 1.0;
  return network;
}

TEST(VggTest, LargerFeaturesAreSlidOverByTimmAndPooledByTorchvision) {
  const InputSpec input{1, 8, 7, 3};
  const auto images = normal_images(2, input, torch::kFloat64).abs();
  const auto timm = head_alone("timm", input);
  const auto windows = logits_for(*timm, images.slice(2, 0, 7)) + logits_for(*timm, images.slice(2, 1, 8));
  EXPECT_TRUE(torch::allclose(logits_for(*timm, images), windows / 2, 1e-12, 1e-12));
  const auto torchvision = head_alone("torchvision", input);
  const auto pooled = torch::adaptive_avg_pool2d(images, {7, 7});
  EXPECT_TRUE(torch::allclose(logits_for(*torchvision, images), logits_for(*torchvision, pooled), 1e-12, 1e-12));
  EXPECT_FALSE(torch::allclose(logits_for(*torchvision, images), logits_for(*torchvision, images.slice(2, 0, 7)), 1e-3));
}

TEST(VggTest, APoolTakesThePlaceOfTheHiddenLayers) {
  for (const auto& [variant, head] : {std::pair{"torchvision", "classifier.6"}, std::pair{"timm", "head.fc"}}) {
    ToyAttention attention;
    const ModelField model = model_of(tiny_vgg("4, 0, 5, 0", std::string(", variant: ") + variant));
    const auto network = model.row->build(*model.options, kCifarInput, attention);
    EXPECT_EQ(network->head(), head);
    EXPECT_EQ(network->named_parameters()[head + std::string(".weight")].sizes(), (Sizes{10, 10}));  // the pool's 2 x 5
    for (const std::string& layer : weights_of(*network)) {
      EXPECT_TRUE(layer.starts_with("features.") || layer == head) << layer;
    }
    logits_for(*network, normal_images(2, kCifarInput));
    EXPECT_EQ(attention.visits.at("pool pool").arrived, (Sizes{2, 5, 8, 8}));
  }
}

TEST(VggTest, FeaturesAreDroppedBehindBothHiddenLayersInTraining) {
  const InputSpec input{1, 7, 7, 3};
  const auto run = [&](const std::string& dropout, bool training) {
    const auto network = built(tiny_vgg("1", ", norm: none, dropout: " + dropout), input);
    give_life(*network, 1);
    network->train(training);
    return logits_for(*network, normal_images(4, input));
  };
  const auto plain = run("0", false);
  EXPECT_TRUE(torch::equal(run("0", true), plain));
  EXPECT_TRUE(torch::equal(run("0.5", false), plain));
  EXPECT_FALSE(torch::allclose(run("0.5", true), plain, 1e-3));
  // With so much dropped, most images keep no feature behind the second layer and get the bias alone.
  const auto scarce = run("0.99", true);
  const auto bias = built(tiny_vgg("1", ", norm: none"), input);
  give_life(*bias, 1);
  EXPECT_TRUE(torch::equal(scarce[0], bias->named_parameters()["classifier.6.bias"]));
}

TEST(VggTest, ImagesThatTheirPoolsLeaveNothingOfAreRefused) {
  EXPECT_THAT(
      [] {
        built("vgg11_bn", {3, 28, 32, 10});
      },
      ThrowsMessage<InputError>("model.layers: expected at least 2 x 2 positions before each max pool, got 1 x 2 at the "
                                "end of stage 5; take larger images or fewer pools"));
  const auto network = built(tiny_vgg("4, 0, 5, 0"));
  network->eval();
  EXPECT_EQ(logits_for(*network, torch::ones({1, 3, 4, 5})).sizes(), (Sizes{1, 10}));
  EXPECT_THAT(
      [&] {
        logits_for(*network, torch::ones({1, 3, 3, 5}));
      },
      ThrowsMessage<ShapeError>(
          StartsWith("Vgg: expected at least 2 x 2 positions before each max pool, got [1, 5, 1, 2]")));
}

TEST(VggTest, ImpossibleOptionsAreRefused) {
  EXPECT_THAT([] { built(tiny_vgg("0, 0")); },
              ThrowsMessage<InputError>("model.layers: expected a convolution, got max pools only"));
  EXPECT_THAT([] { built(tiny_vgg("4, 0", ", mlp_ratio: 0.1")); },
              ThrowsMessage<InputError>("model.mlp_ratio: expected at least 1 / 6 with that many hidden features, got 0.1"));
  EXPECT_THAT([] { built(tiny_vgg("4, M")); }, ThrowsMessage<InputError>(HasSubstr("model.layers: expected")));
}

}  // namespace
}  // namespace fovea
