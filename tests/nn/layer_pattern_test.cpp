#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/nn/layer_pattern.h>

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::StrEq;
using testing::ThrowsMessage;

/// conv1, bn1, layer1.0.{conv1, bn1}, layer10.0.conv1 and a pool without parameters.
struct PatternNet : torch::nn::Module {
  PatternNet() {
    register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 2, 3).bias(false)));
    register_module("bn1", torch::nn::BatchNorm2d(2));
    torch::nn::ModuleList layer1, layer10;
    const auto block = std::make_shared<torch::nn::Module>("Block");
    block->register_module("conv1", torch::nn::Conv2d(2, 2, 3));
    block->register_module("bn1", torch::nn::BatchNorm2d(2));
    layer1->push_back(block);
    layer10->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(2, 2, 1).bias(false)));
    register_module("layer1", layer1);
    register_module("layer10", layer10);
    register_module("pool", torch::nn::AdaptiveAvgPool2d(1));
  }
};

std::vector<std::string> matching(const std::string& pattern) {
  return parameters_matching(PatternNet(), pattern, "a.yaml:3: train.freeze");
}

TEST(MatchesLayerTest, APathOrThePathOfAModuleAroundIt) {
  struct Case {
    const char* pattern;
    const char* path;
    bool chosen;
  };
  for (const Case& example : {
           Case{"layer1", "layer1", true},
           Case{"layer1", "layer1.0.bn1.weight", true},
           Case{"layer1.0", "layer1.0.bn1.weight", true},
           Case{"layer1.0.bn1.weight", "layer1.0.bn1.weight", true},
           Case{"layer1.0.bn1.weight", "layer1.0.bn1", false},
           Case{"layer1", "layer10.0.weight", false},
           Case{"layer1", "head.layer1", false},
           Case{"0", "layer1.0", false},
           Case{"layer1.", "layer1.0", false},
           Case{"", "layer1", false},
           Case{"*", "layer1.0.bn1.weight", true},
           Case{"*.weight", "layer1.0.bn1.weight", true},
           Case{"*.weight", "weight", false},
           Case{"*.bn*", "layer1.0.bn1.weight", true},
           Case{"*.bn*", "bn1.weight", false},
           Case{"*bn*", "bn1.weight", true},
           Case{"layer*1", "layer1.0.bn1.bias", true},
           Case{"layer*1", "layer1.0.conv", true},
           Case{"layer*1", "layer2.0.conv", false},
           Case{"layer?", "layer10.0", false},
           Case{"layer[12]", "layer2.1.conv2.weight", true},
           Case{"layer[!12]", "layer2.1.conv2.weight", false},
           Case{"LAYER1", "layer1", false},
       }) {
    EXPECT_EQ(matches_layer(example.pattern, example.path), example.chosen) << example.pattern << " and " << example.path;
  }
}

TEST(ParametersMatchingTest, NamesAreTheNetworksAndInItsOrder) {
  EXPECT_THAT(matching("layer1"),
              ElementsAre("layer1.0.conv1.weight", "layer1.0.conv1.bias", "layer1.0.bn1.weight", "layer1.0.bn1.bias"));
  EXPECT_THAT(matching("*bn1"), ElementsAre("bn1.weight", "bn1.bias", "layer1.0.bn1.weight", "layer1.0.bn1.bias"));
  EXPECT_THAT(matching("conv1.weight"), ElementsAre("conv1.weight"));
  EXPECT_THAT(matching("*.bias"), ElementsAre("bn1.bias", "layer1.0.conv1.bias", "layer1.0.bn1.bias"));
  EXPECT_EQ(matching("*"), PatternNet().named_parameters().keys());
}

TEST(ParametersMatchingTest, APatternOfNothingIsRefusedWithTheNearestName) {
  const auto refusal = [](const std::string& pattern, const std::string& advice) {
    EXPECT_THAT([&] { matching(pattern); },
                ThrowsMessage<InputError>(StrEq("a.yaml:3: train.freeze: expected the name or pattern of a layer with "
                                                "parameters, got '" +
                                                pattern + "'; " + advice)));
  };
  refusal("layr1", "did you mean 'layer1'?");
  refusal("conv2.weight", "did you mean 'conv1.weight'?");
  refusal("*.norm", "the modules of the network are conv1, bn1, layer1 and layer10");
  refusal("", "the modules of the network are conv1, bn1, layer1 and layer10");
  refusal("pool", "the modules of the network are conv1, bn1, layer1 and layer10");  // it has no parameters
  refusal("*.running_mean", "the modules of the network are conv1, bn1, layer1 and layer10");
}

}  // namespace
}  // namespace fovea
