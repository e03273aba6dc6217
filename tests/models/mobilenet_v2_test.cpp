#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/models/mobilenet/mobilenet_v2.h>
#include <fovea/weights/map_keys.h>

#include "network_run.h"
#include "toy_attention.h"

namespace fovea {
namespace {

using testing::ElementsAre;

/// Parameters and buffers of layers, of which norms have the given names.
std::set<std::string> tensors_of(const std::vector<std::string>& convolutions, const std::vector<std::string>& norms,
                                 const std::string& linear) {
  std::set<std::string> names{linear + ".weight", linear + ".bias"};
  for (const std::string& name : convolutions) names.insert(name + ".weight");
  for (const std::string& name : norms) {
    for (const char* tensor : {".weight", ".bias", ".running_mean", ".running_var", ".num_batches_tracked"}) {
      names.insert(name + tensor);
    }
  }
  return names;
}

std::set<std::string> names_in(const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) names.insert(name);
  return names;
}

TEST(MobileNetV2Test, TensorsHaveTorchvisionsNames) {
  std::vector<std::string> convolutions{"features.0.0", "features.1.conv.0.0", "features.1.conv.1", "features.18.0"};
  std::vector<std::string> norms{"features.0.1", "features.1.conv.0.1", "features.1.conv.2", "features.18.1"};
  for (int block = 2; block <= 17; ++block) {
    const std::string path = "features." + std::to_string(block) + ".conv.";
    for (const char* name : {"0.0", "1.0", "2"}) convolutions.push_back(path + name);
    for (const char* name : {"0.1", "1.1", "3"}) norms.push_back(path + name);
  }
  const auto network = built("{name: mobilenet_v2, width: 0.1}");
  EXPECT_EQ(names_in(state_dict(*network)), tensors_of(convolutions, norms, "classifier.1"));
}

TEST(MobileNetV2Test, TimmCallsThemOtherwise) {
  std::vector<std::string> convolutions{"conv_stem", "blocks.0.0.conv_dw", "blocks.0.0.conv_pw", "conv_head"};
  std::vector<std::string> norms{"bn1", "blocks.0.0.bn1", "blocks.0.0.bn2", "bn2"};
  const std::vector<int> blocks{2, 3, 4, 3, 3, 1};
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::string path = "blocks." + std::to_string(stage + 1) + "." + std::to_string(block) + ".";
      for (const char* name : {"conv_pw", "conv_dw", "conv_pwl"}) convolutions.push_back(path + name);
      for (const char* name : {"bn1", "bn2", "bn3"}) norms.push_back(path + name);
    }
  }
  const auto network = built("{name: mobilenetv2_100, width: 0.1}");
  give_life(*network, 1);
  const auto mappings = key_mappings_of(*network);
  ASSERT_EQ(mappings.size(), 2U);
  EXPECT_EQ(mappings[1].name, "torchvision") << "its own";
  EXPECT_EQ(mappings[0].name, "timm");
  const NamedTensors own = state_dict(*network);
  const NamedTensors timm = to_external_names(mappings[0], own);
  EXPECT_EQ(names_in(timm), tensors_of(convolutions, norms, "classifier"));
  const std::map<std::string, std::string> pairs{{"features.0.1.bias", "bn1.bias"},
                                                 {"features.1.conv.1.weight", "blocks.0.0.conv_pw.weight"},
                                                 {"features.2.conv.0.1.weight", "blocks.1.0.bn1.weight"},
                                                 {"features.3.conv.2.weight", "blocks.1.1.conv_pwl.weight"},
                                                 {"features.17.conv.3.running_var", "blocks.6.0.bn3.running_var"},
                                                 {"features.18.0.weight", "conv_head.weight"},
                                                 {"classifier.1.bias", "classifier.bias"}};
  for (const auto& [here, there] : pairs) EXPECT_TRUE(torch::equal(own.at(here), timm.at(there))) << here;
}

TEST(MobileNetV2Test, WidthScalesEveryLayerButTheLastIsNeverNarrower) {
  const auto shapes = [](const std::string& width) {
    const auto parameters = built("{name: mobilenet_v2, width: " + width + "}")->named_parameters();
    Sizes channels;
    for (const char* name : {"features.0.0", "features.1.conv.1", "features.4.conv.0.0", "features.18.0"}) {
      channels.push_back(parameters[std::string(name) + ".weight"].size(0));
    }
    return channels;
  };
  // 32 x 0.5 = 16 and 32 x 1.4 = 44.8 go into six times as many; the paper keeps 1280 below a width of 1.
  EXPECT_EQ(shapes("0.5"), (Sizes{16, 8, 6 * 16, 1280}));
  EXPECT_EQ(shapes("1.4"), (Sizes{48, 24, 6 * 32, 1792}));
}

TEST(MobileNetV2Test, StagesAreTheTablesRowsAndTheLastConvolution) {
  const InputSpec input{3, 96, 160, 5};
  const auto network = built("{name: mobilenet_v2, width: 0.1}", input);
  network->eval();
  FeatureHooks hooks;
  logits_for(*network, normal_images(1, input), &hooks);
  const ModuleNames names(*network);
  std::vector<std::string> layers;
  for (const auto* module : hooks.modules) layers.push_back(names.of(*module));
  EXPECT_THAT(layers, ElementsAre("features.1", "features.3", "features.6", "features.10", "features.13", "features.16",
                                  "features.17", "features.18"));
  EXPECT_THAT(hooks.shapes, ElementsAre(Sizes{1, 8, 48, 80}, Sizes{1, 8, 24, 40}, Sizes{1, 8, 12, 20}, Sizes{1, 8, 6, 10},
                                        Sizes{1, 16, 6, 10}, Sizes{1, 16, 3, 5}, Sizes{1, 32, 3, 5}, Sizes{1, 1280, 3, 5}));
}

TEST(MobileNetV2Test, GatesShiftNoOtherName) {
  ToyAttention attention;
  MobileNetV2Options options;
  options.width = 0.1;
  MobileNetV2Impl network(options, kCifarInput, attention);
  logits_for(network, normal_images(2, kCifarInput));
  for (const char* place : {"gate features.1.se", "gate features.17.se", "mixer features.1.conv.0.0",
                            "mixer features.2.conv.1.0", "gate stage1_gate", "warp stage8_warp", "pool pool"}) {
    EXPECT_TRUE(attention.visits.contains(place)) << place;
  }
  EXPECT_EQ(attention.visits.at("gate features.3.se").point.stage, 2);
  const auto plain = names_in(state_dict(*built("{name: mobilenet_v2, width: 0.1}")));
  for (const auto& [name, tensor] : state_dict(network)) {
    EXPECT_TRUE(plain.contains(name) || name.ends_with(".linear.weight") || name.ends_with(".linear.bias")) << name;
  }
}

}  // namespace
}  // namespace fovea
