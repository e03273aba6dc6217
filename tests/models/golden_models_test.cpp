// Compares whole networks with numbers from the peers' own. FOVEA_GOLDEN names a folder of cases (safetensors files, also in
// folders below); without it those that ship are read.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/models/transformer/transformer_block.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/safetensors.h>

#include "network_ports.h"
#include "network_run.h"

namespace fovea {
namespace {

constexpr double kFloatTolerance = 1e-4;   // relative to the largest logit, in float32
constexpr double kDoubleTolerance = 1e-6;  // relative to the largest entry, in float64: the files hold float32

/// The largest difference, relative to the largest entry of theirs; infinite for another shape, 0 where both are zero.
double relative_error(const torch::Tensor& ours, const torch::Tensor& theirs) {
  if (ours.sizes() != theirs.sizes()) return std::numeric_limits<double>::infinity();
  const auto expected = theirs.to(torch::kFloat64);
  const double difference = (ours.to(torch::kFloat64) - expected).abs().max().item<double>();
  return difference == 0 ? 0 : difference / expected.abs().max().item<double>();
}

/// One golden file: the peer's network, called once.
class GoldenNetwork {
 public:
  explicit GoldenNetwork(const std::string& path) : file_(path) {}

  bool is_network() const {
    const auto kind = file_.metadata().find("kind");
    return kind != file_.metadata().end() && kind->second == "model";
  }

  /// Ours, with the file's weights, in evaluation mode. @throws InputError when there is none.
  std::shared_ptr<Classifier> network() const {
    const std::string &constructor = file_.metadata().at("constructor"), &arguments = file_.metadata().at("args");
    ModelField model;
    const Json section = model_of_peer(constructor, Json::parse(arguments));
    const auto images = file_.tensor("input");
    std::shared_ptr<Classifier> network;
    try {
      model.read(parse_yaml(section.dump(), "golden"), "model");
      network = build_classifier(model, {images.size(1), images.size(2), images.size(3), file_.tensor("logits").size(1)});
    } catch (const InputError& error) {
      throw InputError(constructor + " of " + arguments + ": " + error.what());
    }
    load_named_weights(*network, {with_prefix_removed(file_.tensors(), "state."), ""}, file_.path());  // unrenamed
    network->eval();
    return network;
  }

  void compare() const {
    const auto network = this->network();
    const auto images = file_.tensor("input"), logits = file_.tensor("logits");
    if (file_.metadata().contains("parameters")) {
      EXPECT_EQ(std::to_string(count_parameters(*network)), file_.metadata().at("parameters"));
    }
    EXPECT_LT(relative_error(logits_for(*network, images), logits), kFloatTolerance);

    network->to(torch::kFloat64);
    const auto input = images.to(torch::kFloat64).requires_grad_();
    const auto precise = logits_for(*network, input);
    EXPECT_LT(relative_error(precise, logits), kDoubleTolerance) << first_difference(*network);
    (precise * file_.tensor("cotangent")).sum().backward();
    EXPECT_LT(relative_error(input.grad(), file_.tensor("grad_input")), kDoubleTolerance);
  }

  /// Which of the stages that the file has and we hook is the first that is another one with us.
  /// @param network in float64 and evaluation mode.
  std::string first_difference(Classifier& network) const {
    const torch::NoGradGuard no_grad;
    FeatureHooks hooks;
    logits_for(network, file_.tensor("input").to(torch::kFloat64), &hooks);
    const ModuleNames names(network);
    std::string agreed = "the image";
    for (std::size_t i = 0; i < hooks.features.size(); ++i) {
      const std::string name = names.of(*hooks.modules[i]);
      const torch::Tensor &ours = hooks.features[i],
                          theirs = stage(name, i + 1 == hooks.features.size(), ours.size(2), ours.size(3));
      if (!theirs.defined()) continue;
      const double error = relative_error(ours, theirs);
      if (!(error <= kDoubleTolerance)) {
        std::ostringstream text;
        text << name << " is the first stage that differs, by " << error << "; equal up to " << agreed;
        return text.str();
      }
      agreed = name;
    }
    return "no stage differs; equal up to " + agreed;
  }

 private:
  /// The peer's map that we hook as `name`; undefined where the file does not say.
  torch::Tensor stage(const std::string& name, bool is_last, std::int64_t height, std::int64_t width) const {
    const auto read = [&](const std::string& key) { return file_.contains(key) ? file_.tensor(key) : torch::Tensor(); };
    torch::Tensor theirs = read("stage." + name);
    if (!theirs.defined() && is_last) theirs = read("stage.features");  // of timm's VGG, which does not name its stages
    if (!theirs.defined()) theirs = normed_tokens(name);
    if (!theirs.defined() || theirs.dim() != 3) return theirs;
    const std::int64_t prefix_tokens = theirs.size(1) - height * width;
    return prefix_tokens < 0 ? theirs : to_grid(theirs.slice(1, prefix_tokens), height, width);
  }

  /// "blocks.3.norm1" from the tokens of the block before: what we hook where only the class token is read.
  torch::Tensor normed_tokens(const std::string& name) const {
    const std::string begin = "blocks.", end = ".norm1";
    if (!name.starts_with(begin) || !name.ends_with(end)) return {};
    const int index = std::stoi(name.substr(begin.size()));
    const std::string before = "stage.blocks." + std::to_string(index - 1);
    if (!file_.contains(before)) return {};
    const auto tensor = [&](const std::string& key) { return file_.tensor(key).to(torch::kFloat64); };
    const auto weight = tensor("state." + name + ".weight"), bias = tensor("state." + name + ".bias");
    return torch::layer_norm(tensor(before), weight.sizes(), weight, bias, kTransformerEpsilon);
  }

  SafetensorsFile file_;
};

const std::string kShipped = FOVEA_TEST_DATA "/golden_models";

TEST(GoldenModelsTest, LogitsAndGradientsAreThePeers) {
  const char* chosen = std::getenv("FOVEA_GOLDEN");
  const bool is_chosen = chosen != nullptr && *chosen != '\0';
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(is_chosen ? chosen : kShipped)) {
    if (entry.path().extension() == ".safetensors") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  int compared = 0;
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    try {
      const GoldenNetwork network(path);
      if (!network.is_network()) continue;
      ++compared;
      network.compare();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  std::printf("golden models: %d networks compared%s\n", compared,
              compared > 0 ? "" : ": the folder has none, and what else it has is another suite's");
  if (!is_chosen) {
    EXPECT_GE(compared, 6) << "files that ship are missing";
  }
}

TEST(GoldenModelsTest, ADifferenceIsLocated) {
  struct Planted {
    const char *file, *parameter, *found;
  };
  const std::vector<Planted> cases{
      {"resnet_basicblock_cbam", "layer1.0.conv2.weight", "layer1 is the first stage that differs"},
      {"resnet_basicblock_cbam", "layer3.0.se.channel.fc1.weight", "layer3 is the first stage that differs"},
      {"resnet_bottleneck_se", "layer4.0.bn3.bias", "layer4 is the first stage that differs"},
      {"resnet_bottleneck_se", "fc.bias", "no stage differs; equal up to layer4"},
      {"mobilenet_v3_small_torchvision", "features.5.block.0.0.weight", "features.6 is the first stage that differs"},
      {"mobilenet_v3_small_torchvision", "features.12.1.bias", "features.12 is the first stage that differs"},
      {"vgg_bn_timm", "features.0.weight", "features.22 is the first stage that differs"},
      {"vgg_bn_timm", "pre_logits.fc1.weight", "no stage differs; equal up to features.22"},
      {"vit_token", "blocks.0.mlp.fc1.weight", "blocks.0 is the first stage that differs"},
      {"vit_token", "blocks.1.norm1.weight", "blocks.1.norm1 is the first stage that differs"},
      {"vit_token", "blocks.1.mlp.fc1.weight", "no stage differs; equal up to blocks.1.norm1"},
      {"cait_independent", "pos_embed", "blocks.0 is the first stage that differs"},
      {"cait_independent", "blocks.1.attn.proj_l.weight", "blocks.1 is the first stage that differs"},
      {"cait_independent", "blocks_token_only.0.attn.q.weight", "no stage differs; equal up to blocks.1"},
  };
  const torch::NoGradGuard no_grad;
  for (const Planted& planted : cases) {
    SCOPED_TRACE(std::string(planted.file) + ": " + planted.parameter);
    const GoldenNetwork golden(kShipped + "/" + planted.file + ".safetensors");
    const auto network = golden.network();
    network->to(torch::kFloat64);
    EXPECT_THAT(golden.first_difference(*network), testing::HasSubstr("no stage differs"));
    torch::Tensor parameter = state_dict(*network).at(planted.parameter);
    parameter.mul_(1.01);
    EXPECT_THAT(golden.first_difference(*network), testing::HasSubstr(planted.found));
  }
}

TEST(GoldenModelsTest, AnErrorIsRelativeToTheLargestEntry) {
  const auto zeros = torch::zeros({2, 3}), halves = torch::full({2, 3}, 0.5), nan = torch::full({2, 3}, std::nan(""));
  EXPECT_EQ(relative_error(halves, halves * 2), 0.5);
  EXPECT_EQ(relative_error(zeros, zeros), 0);
  EXPECT_FALSE(relative_error(halves, zeros) < kFloatTolerance);
  EXPECT_FALSE(relative_error(halves, halves.t()) < kFloatTolerance) << "another shape";
  EXPECT_FALSE(relative_error(nan, halves) < kFloatTolerance);
}

}  // namespace
}  // namespace fovea
