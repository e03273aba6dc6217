#include <gradient_check.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <temporary_directory.h>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/models/model_field.h>
#include <fovea/models/residual/cifar_resnet.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/initial_weights.h>
#include <fovea/weights/safetensors.h>
#include <fovea/weights/state_dict.h>

#include "network_run.h"
#include "toy_attention.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

CifarResnetOptions resnet_options(std::int64_t depth, std::int64_t width = 16, Shortcut shortcut = Shortcut::pad) {
  CifarResnetOptions options;
  options.depth = depth;
  options.width = width;
  options.shortcut = shortcut;
  return options;
}

std::shared_ptr<CifarResnetImpl> plain_resnet(const CifarResnetOptions& options, const InputSpec& input = kCifarInput) {
  AttentionFactory nothing;
  return std::make_shared<CifarResnetImpl>(options, input, nothing);
}

/// The names that torchvision's ResNet code gives the parameters of a CIFAR ResNet-20 without projections.
const char* const kResnet20Names = R"(
    conv1.weight bn1.weight bn1.bias
    layer1.0.conv1.weight layer1.0.bn1.weight layer1.0.bn1.bias layer1.0.conv2.weight layer1.0.bn2.weight layer1.0.bn2.bias
    layer1.1.conv1.weight layer1.1.bn1.weight layer1.1.bn1.bias layer1.1.conv2.weight layer1.1.bn2.weight layer1.1.bn2.bias
    layer1.2.conv1.weight layer1.2.bn1.weight layer1.2.bn1.bias layer1.2.conv2.weight layer1.2.bn2.weight layer1.2.bn2.bias
    layer2.0.conv1.weight layer2.0.bn1.weight layer2.0.bn1.bias layer2.0.conv2.weight layer2.0.bn2.weight layer2.0.bn2.bias
    layer2.1.conv1.weight layer2.1.bn1.weight layer2.1.bn1.bias layer2.1.conv2.weight layer2.1.bn2.weight layer2.1.bn2.bias
    layer2.2.conv1.weight layer2.2.bn1.weight layer2.2.bn1.bias layer2.2.conv2.weight layer2.2.bn2.weight layer2.2.bn2.bias
    layer3.0.conv1.weight layer3.0.bn1.weight layer3.0.bn1.bias layer3.0.conv2.weight layer3.0.bn2.weight layer3.0.bn2.bias
    layer3.1.conv1.weight layer3.1.bn1.weight layer3.1.bn1.bias layer3.1.conv2.weight layer3.1.bn2.weight layer3.1.bn2.bias
    layer3.2.conv1.weight layer3.2.bn1.weight layer3.2.bn1.bias layer3.2.conv2.weight layer3.2.bn2.weight layer3.2.bn2.bias
    fc.weight fc.bias)";

TEST(CifarResnetTest, ParametersHaveTorchvisionsNames) {
  EXPECT_EQ(parameter_names(*plain_resnet(resnet_options(20))), words_in(kResnet20Names));
}

TEST(CifarResnetTest, ACheckpointOfPytorchResnetCifar10GivesItsLogits) {
  const torch::NoGradGuard no_grad;
  const TemporaryDirectory folder;
  for (const auto& [name, shortcut] : {std::pair{"pad_both", Shortcut::pad_both}, {"conv", Shortcut::conv}}) {
    SCOPED_TRACE(name);
    const SafetensorsFile golden(FOVEA_TEST_DATA "/golden_models/cifar_resnet_" + std::string(name) + ".safetensors");
    NamedTensors theirs;
    for (const auto& [own, tensor] : with_prefix_removed(golden.tensors(), "state.")) {
      std::string other = own.starts_with("fc.") ? "linear" + own.substr(2) : own;
      if (const auto place = other.find("downsample"); place != std::string::npos) other.replace(place, 10, "shortcut");
      theirs.emplace("module." + other, tensor);
    }
    const std::string path = folder.path(std::string(name) + ".safetensors");
    write_safetensors(path, theirs, {});
    const auto network = plain_resnet(resnet_options(8, 4, shortcut), {3, 17, 12, 10});
    const NamedForNetwork named = name_for(*network, read_weights_file(path));
    EXPECT_EQ(named.mapping, "pytorch_resnet_cifar10");
    load_named_weights(*network, named, path);
    network->eval();
    const auto logits = logits_for(*network, golden.tensor("input"));
    EXPECT_TRUE(torch::allclose(logits, golden.tensor("logits"), /*rtol=*/1e-4, /*atol=*/1e-4));
    const auto other = plain_resnet(resnet_options(8, 4, Shortcut::pad), {3, 17, 12, 10});
    if (shortcut == Shortcut::conv) continue;
    load_named_weights(*other, name_for(*other, read_weights_file(path)), path);
    other->eval();
    EXPECT_FALSE(torch::allclose(logits_for(*other, golden.tensor("input")), logits, 1e-2)) << "no tensor tells pad_both";
  }
}

TEST(CifarResnetTest, BuffersAreThoseOfTheNorms) {
  std::set<std::string> expected;
  for (const std::string& name : words_in(kResnet20Names)) {
    const auto position = name.find(".weight");
    if (name.find("bn") == std::string::npos || position == std::string::npos) continue;
    for (const char* buffer : {".running_mean", ".running_var", ".num_batches_tracked"})
      expected.insert(name.substr(0, position) + buffer);
  }
  ASSERT_EQ(expected.size(), 19 * 3);
  const auto names = plain_resnet(resnet_options(20))->named_buffers().keys();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), expected);
}

// With n = (depth - 2) / 6 blocks per stage; a convolution has in x out x 9 weights, a norm 2 per channel:
//   stem     3 x 16 x 9 + 32                                              =   464
//   stage 1  2n (16 x 16 x 9 + 32)                                        =  4672 n
//   stage 2  16 x 32 x 9 + 64 + (2n - 1)(32 x 32 x 9 + 64)                =  4672 + 9280 (2n - 1)
//   stage 3  32 x 64 x 9 + 128 + (2n - 1)(64 x 64 x 9 + 128)              = 18560 + 36992 (2n - 1)
//   head     64 x 10 + 10                                                 =   650
//   together 97216 n - 21926, for n = 3: 269722.
// Table 6 of arXiv:1512.03385 has 0.27M, 0.46M, 0.66M, 0.85M and 1.7M for the depths 20, 32, 44, 56 and 110.
TEST(CifarResnetTest, ParameterCountsAreThePapers) {
  const std::vector<std::pair<std::int64_t, double>> table{{20, 0.27}, {32, 0.46}, {44, 0.66}, {56, 0.85}, {110, 1.7}};
  for (const auto& [depth, millions] : table) {
    const std::int64_t count = count_parameters(*plain_resnet(resnet_options(depth)));
    EXPECT_EQ(count, 97216 * ((depth - 2) / 6) - 21926) << "depth " << depth;
    EXPECT_NEAR(static_cast<double>(count) / 1e6, millions, depth == 110 ? 0.05 : 0.005)
        << "depth " << depth;  // as rounded there
  }
  EXPECT_EQ(count_parameters(*plain_resnet(resnet_options(20))), 269722);
}

TEST(CifarResnetTest, MultiplyAddsByHand) {
  const std::int64_t stem = 32 * 32 * 16 * (3 * 9);
  const std::int64_t stage1 = 6 * (32 * 32 * 16 * (16 * 9));
  const std::int64_t stage2 = 16 * 16 * 32 * (16 * 9) + 5 * (16 * 16 * 32 * (32 * 9));
  const std::int64_t stage3 = 8 * 8 * 64 * (32 * 9) + 5 * (8 * 8 * 64 * (64 * 9));
  const std::int64_t head = 64 * 10;
  EXPECT_EQ(stem + stage1 + stage2 + stage3 + head, 40551040);
  EXPECT_EQ(count_multiply_adds(*plain_resnet(resnet_options(20)), kCifarInput), 40551040);
}

TEST(CifarResnetTest, ADepthThatIsNot6nPlus2IsRefused) {
  for (const std::int64_t depth : {9, 18, 21, 34}) {
    EXPECT_THAT([&] { plain_resnet(resnet_options(depth)); },
                ThrowsMessage<InputError>("model.depth: expected 6n + 2, e.g. 8, 14, 20, 32, 44, 56 or 110, got " +
                                          std::to_string(depth)));
  }
}

TEST(CifarResnetTest, AnySizeAndAnyChannelsRun) {
  for (const Sizes& shape :
       {Sizes{1, 32, 32}, Sizes{2, 17, 9}, Sizes{3, 8, 31}, Sizes{4, 5, 5}, Sizes{3, 1, 1}, Sizes{3, 2, 3}}) {
    const InputSpec input{shape[0], shape[1], shape[2], 7};
    for (const Shortcut shortcut : {Shortcut::pad, Shortcut::pad_both, Shortcut::conv}) {
      const auto network = plain_resnet(resnet_options(8, 4, shortcut), input);
      give_life(*network, 1);
      network->eval();
      const auto logits = logits_for(*network, normal_images(2, input));
      EXPECT_EQ(logits.sizes(), (Sizes{2, 7}));
      EXPECT_TRUE(torch::isfinite(logits).all().item<bool>());
    }
  }
}

TEST(CifarResnetTest, ASizeItWasNotBuiltForRuns) {
  const auto network = plain_resnet(resnet_options(8, 4));
  EXPECT_EQ(logits_for(*network, torch::ones({2, 3, 21, 40})).sizes(), (Sizes{2, 10}));
}

TEST(CifarResnetTest, AWrongNumberOfChannelsIsRefusedWithBothShapes) {
  const auto network = plain_resnet(resnet_options(8, 4));
  EXPECT_THAT(
      [&] {
        logits_for(*network, torch::ones({2, 1, 32, 32}));
      },
      ThrowsMessage<ShapeError>("CifarResnet: expected [N, 3, H, W], got [2, 1, 32, 32]"));
  EXPECT_THAT(
      [&] {
        logits_for(*network, torch::ones({3, 32, 32}));
      },
      ThrowsMessage<ShapeError>("CifarResnet: expected [N, 3, H, W], got [3, 32, 32]"));
}

/// A block whose convolutions add nothing, so that its output is relu(shortcut).
std::shared_ptr<CifarResnetBlockImpl> shortcut_block(const FeatureShape& in, std::int64_t out_channels, std::int64_t stride,
                                                     Shortcut shortcut) {
  auto block = std::make_shared<CifarResnetBlockImpl>(CifarResnetBlockPlan{
      .in = in, .out_channels = out_channels, .stride = stride, .shortcut = shortcut, .stage = 2, .path = "layer2.0"});
  initialise(*block, 1);
  const torch::NoGradGuard no_grad;
  block->named_parameters()["bn2.weight"].zero_();
  block->eval();
  return block;
}

TEST(CifarResnetBlockTest, OptionATakesEverySecondPixelAndAddsEmptyChannelsBehind) {
  const auto block = shortcut_block({2, 3, 5}, 4, 2, Shortcut::pad);
  EXPECT_FALSE(parameter_names(*block).contains("downsample.0.weight"));
  const auto features = torch::arange(1, 31, torch::kFloat32).view({1, 2, 3, 5});
  // channel 0:  1  2  3  4  5    channel 1: 16 17 18 19 20
  //             6  7  8  9 10               21 22 23 24 25
  //            11 12 13 14 15               26 27 28 29 30
  const auto expected =
      torch::tensor({1, 3, 5, 11, 13, 15, 16, 18, 20, 26, 28, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, torch::kFloat32)
          .view({1, 4, 2, 3});
  ForwardContext context;
  EXPECT_TRUE(torch::equal(block->forward(features, context), expected));
}

TEST(CifarResnetBlockTest, AnUnchangedShapePassesAsItIs) {
  for (const Shortcut shortcut : {Shortcut::pad, Shortcut::conv}) {
    const auto block = shortcut_block({2, 3, 5}, 2, 1, shortcut);
    EXPECT_FALSE(parameter_names(*block).contains("downsample.0.weight"));
    const auto features = torch::arange(-15, 15, torch::kFloat32).view({1, 2, 3, 5});
    ForwardContext context;
    EXPECT_TRUE(torch::equal(block->forward(features, context), torch::relu(features)));
  }
}

TEST(CifarResnetBlockTest, OptionBIsAConvolutionAndANorm) {
  const auto block = shortcut_block({2, 3, 5}, 4, 2, Shortcut::conv);
  const auto parameters = block->named_parameters();
  ASSERT_TRUE(parameters.contains("downsample.0.weight"));
  EXPECT_EQ(parameters["downsample.0.weight"].sizes(), (Sizes{4, 2, 1, 1}));
  EXPECT_EQ(parameters["downsample.1.weight"].sizes(), (Sizes{4}));
  EXPECT_FALSE(parameters.contains("downsample.0.bias"));
  {
    const torch::NoGradGuard no_grad;
    parameters["downsample.0.weight"].zero_();
    parameters["downsample.0.weight"][3][1] = 2.0;  // output channel 3 is twice input channel 1
    parameters["downsample.1.bias"].fill_(1.0);
  }
  const auto features = torch::arange(1, 31, torch::kFloat32).view({1, 2, 3, 5});
  ForwardContext context;
  const auto result = block->forward(features, context);
  const auto strided = torch::tensor({16, 18, 20, 26, 28, 30}, torch::kFloat32).view({2, 3});
  // The fresh norm divides by sqrt(1 + 1e-5): 5e-6 of 60.
  EXPECT_TRUE(torch::allclose(result[0][3], 2 * strided + 1, 1e-5));
  EXPECT_TRUE(torch::equal(result.slice(1, 0, 3), torch::ones({1, 3, 2, 3})));
}

TEST(CifarResnetTest, OptionBProjectsWhereShapesChange) {
  const auto names = parameter_names(*plain_resnet(resnet_options(14, 4, Shortcut::conv)));
  std::set<std::string> projections;
  for (const std::string& name : names) {
    if (name.find("downsample") != std::string::npos) projections.insert(name);
  }
  EXPECT_THAT(projections,
              ElementsAre("layer2.0.downsample.0.weight", "layer2.0.downsample.1.bias", "layer2.0.downsample.1.weight",
                          "layer3.0.downsample.0.weight", "layer3.0.downsample.1.bias", "layer3.0.downsample.1.weight"));
}

TEST(CifarResnetTest, AttentionIsRegisteredAsSeInEveryBlock) {
  const auto network = built("{name: resnet14, attention: se}");
  std::set<std::string> expected = parameter_names(*built("resnet14"));
  for (const char* stage : {"1", "2", "3"}) {
    for (const char* block : {"0", "1"}) {
      for (const char* parameter : {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}) {
        expected.insert(std::string("layer") + stage + "." + block + ".se." + parameter);
      }
    }
  }
  EXPECT_EQ(parameter_names(*network), expected);
}

TEST(CifarResnetTest, AttentionGoesIntoChosenStagesOnly) {
  const auto names = parameter_names(*built("{name: resnet14, attention: {name: eca, stages: [1, 3]}}"));
  std::set<std::string> gates;
  for (const std::string& name : names) {
    if (const auto position = name.find(".se."); position != std::string::npos) gates.insert(name.substr(0, position));
  }
  EXPECT_THAT(gates, ElementsAre("layer1.0", "layer1.1", "layer3.0", "layer3.1"));
}

TEST(CifarResnetTest, AttentionBehindStagesHasItsOwnName) {
  const auto names = parameter_names(*built("{name: resnet8, attention: {name: se, at: stage, stages: [2]}}"));
  EXPECT_TRUE(names.contains("layer2_gate.fc1.weight"));
  EXPECT_FALSE(names.contains("layer1_gate.fc1.weight"));
  EXPECT_FALSE(names.contains("layer2.0.se.fc1.weight"));
}

TEST(CifarResnetTest, AttentionInAStageThatDoesNotExistIsRefused) {
  EXPECT_THAT(
      [] { built("{name: resnet8, attention: {name: se, stages: [4]}}"); },
      ThrowsMessage<InputError>(StartsWith("a.yaml:1: model.attention: expected an insertion point for 'se' in resnet8, "
                                           "got no 'block' in stages 4")));
}

TEST(CifarResnetTest, InsertionPointsDescribeTheirInput) {
  ToyAttention attention;
  const InputSpec input{2, 9, 14, 5};
  CifarResnetImpl network(resnet_options(14, 4), input, attention);
  logits_for(network, normal_images(3, input));

  std::vector<std::string> visited;
  for (const auto& [name, visit] : attention.visits) {
    SCOPED_TRACE(name);
    visited.push_back(name);
    Sizes announced = sizes_of(visit.point.in);
    announced.insert(announced.begin(), 3);
    EXPECT_EQ(visit.arrived, announced);
    EXPECT_EQ(visit.point.out_channels, visit.point.in.channels);
    EXPECT_EQ(visit.point.stride, 1);
  }
  EXPECT_THAT(visited,
              ElementsAre("gate layer1.0.se", "gate layer1.1.se", "gate layer1_gate", "gate layer2.0.se", "gate layer2.1.se",
                          "gate layer2_gate", "gate layer3.0.se", "gate layer3.1.se", "gate layer3_gate",
                          "mixer layer1.0.conv2", "mixer layer1.1.conv2", "mixer layer2.0.conv2", "mixer layer2.1.conv2",
                          "mixer layer3.0.conv2", "mixer layer3.1.conv2", "pool pool", "warp layer1_warp",
                          "warp layer2_warp", "warp layer3_warp", "warp warp"));

  const auto point = [&](const std::string& name) -> const InsertionPoint& { return attention.visits.at(name).point; };
  EXPECT_EQ(point("warp warp").kind, InsertionKind::input);
  EXPECT_EQ(point("warp warp").stage, 0);
  EXPECT_EQ(sizes_of(point("warp warp").in), (Sizes{2, 9, 14}));
  EXPECT_EQ(point("mixer layer2.0.conv2").kind, InsertionKind::conv);
  EXPECT_EQ(point("mixer layer2.0.conv2").stage, 2);
  EXPECT_EQ(sizes_of(point("mixer layer2.0.conv2").in), (Sizes{8, 5, 7}));  // 9 x 14 halved, rounded up
  EXPECT_EQ(point("gate layer3.1.se").kind, InsertionKind::block);
  EXPECT_EQ(point("gate layer3.1.se").stage, 3);
  EXPECT_EQ(sizes_of(point("gate layer3.1.se").in), (Sizes{16, 3, 4}));
  EXPECT_EQ(point("gate layer1_gate").kind, InsertionKind::stage);
  EXPECT_EQ(point("warp layer1_warp").kind, InsertionKind::stage);
  EXPECT_EQ(point("pool pool").kind, InsertionKind::pool);
  EXPECT_EQ(point("pool pool").stage, 0);
}

TEST(CifarResnetTest, ThePoolSeesEveryStage) {
  ToyAttention attention;
  const InputSpec input{2, 9, 14, 5};
  CifarResnetImpl network(resnet_options(8, 4), input, attention);
  logits_for(network, normal_images(3, input));
  std::vector<Sizes> announced;
  for (const FeatureShape& shape : attention.last_pool->point.stages) {
    announced.push_back(sizes_of(shape));
    announced.back().insert(announced.back().begin(), 3);
  }
  EXPECT_THAT(attention.last_pool->stage_shapes, ElementsAre(Sizes{3, 4, 9, 14}, Sizes{3, 8, 5, 7}, Sizes{3, 16, 3, 4}));
  EXPECT_EQ(attention.last_pool->stage_shapes, announced);
  EXPECT_TRUE(attention.last_pool->last_is_features);
  ASSERT_EQ(attention.last_pool->stage_thetas.size(), 3U);
  for (int stage = 1; stage <= 3; ++stage) {
    EXPECT_TRUE(torch::equal(attention.last_pool->stage_thetas.at(stage - 1), stage_theta(stage, 3))) << stage;
  }
  EXPECT_EQ(network.named_parameters()["fc.weight"].sizes(), (Sizes{5, 32}));  // the pool's 2 x 16
}

TEST(CifarResnetTest, AttentionIsBelowTheNetworkUnderItsSitesPath) {
  ToyAttention attention;
  const InputSpec input{2, 9, 14, 5};
  CifarResnetImpl network(resnet_options(14, 4), input, attention);
  logits_for(network, normal_images(2, input));
  const auto modules = network.named_modules("", /*include_self=*/false);
  for (const auto& [name, visit] : attention.visits) EXPECT_TRUE(modules.contains(visit.point.path)) << name;
  EXPECT_TRUE(network.named_parameters().contains("layer1.0.conv2.linear.weight"))
      << "the mixer takes the convolution's name";
  EXPECT_FALSE(network.named_parameters().contains("layer1.0.conv2.weight"));
}

/// Only a gate behind the first stage, which silences it.
struct SilentStage final : AttentionFactory {
  struct Silence final : Gate {
    torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override { return features * 0; }
  };
  std::shared_ptr<Gate> gate(const InsertionPoint& point) override {
    return point.kind == InsertionKind::stage && point.stage == 1 ? std::make_shared<Silence>() : nullptr;
  }
};

TEST(CifarResnetTest, AStageGateActsOnWhatFollows) {
  SilentStage attention;
  const InputSpec input{1, 6, 7, 3};
  CifarResnetImpl network(resnet_options(8, 4), input, attention);
  give_life(network, 1);
  network.eval();
  const auto logits = logits_for(network, normal_images(2, input));
  EXPECT_TRUE(torch::equal(logits[0], logits[1])) << "the images are silenced";
  const auto plain = plain_resnet(resnet_options(8, 4), input);
  give_life(*plain, 1);
  plain->eval();
  const auto other = logits_for(*plain, normal_images(2, input));
  EXPECT_FALSE(torch::equal(other[0], other[1]));
}

TEST(CifarResnetTest, FeaturesAreHookedBehindEveryStage) {
  const InputSpec input{3, 9, 14, 5};
  const auto network = plain_resnet(resnet_options(8, 4), input);
  give_life(*network, 1);
  network->eval();
  const auto images = normal_images(2, input);
  FeatureHooks hooks;
  const auto logits = logits_for(*network, images, &hooks);
  EXPECT_TRUE(torch::equal(logits, logits_for(*network, images)));
  EXPECT_THAT(hooks.shapes, ElementsAre(Sizes{2, 4, 9, 14}, Sizes{2, 8, 5, 7}, Sizes{2, 16, 3, 4}));
  const ModuleNames names(*network);
  ASSERT_EQ(hooks.modules.size(), 3);
  EXPECT_EQ(names.of(*hooks.modules[0]), "layer1");
  EXPECT_EQ(names.of(*hooks.modules[1]), "layer2");
  EXPECT_EQ(names.of(*hooks.modules[2]), "layer3");

  FeatureHooks cut;
  cut.replace_number = 3;  // nothing reaches the head but its bias
  const auto bias = network->named_parameters()["fc.bias"].expand({2, 5});
  EXPECT_TRUE(torch::equal(logits_for(*network, images, &cut), bias));
}

TEST(CifarResnetTest, GradientsMatchDifferences) {
  const InputSpec input{1, 6, 5, 3};
  for (const bool conv : {false, true}) {
    SCOPED_TRACE(conv ? "option B" : "option A");
    const std::string shortcut = conv ? "conv" : "pad";
    const auto network =
        built("{name: resnet8, width: 2, shortcut: " + shortcut + ", attention: {name: se, divisor: 1}}", input);
    network->to(torch::kFloat64);
    give_life(*network, 3);
    network->train();
    const auto images = normal_images(2, input, torch::kFloat64).requires_grad_();
    std::vector<std::pair<std::string, torch::Tensor>> variables{{"images", images}};
    for (const auto& item : network->named_parameters()) variables.emplace_back(item.key(), item.value());
    expect_gradients_match([&] { return logits_for(*network, images); }, variables);
  }
}

/// A network in training in which nothing of the images is left and every block's branch is 1 everywhere, so that a stage's
/// last channel, which is new there, is the sum of the factors of its blocks.
std::shared_ptr<CifarResnetImpl> counting_resnet(CifarResnetOptions options, const InputSpec& input) {
  auto network = plain_resnet(options, input);
  network->to(torch::kFloat64);
  initialise(*network, 1);
  const torch::NoGradGuard no_grad;
  for (auto& item : network->named_parameters()) {
    if (item.key() == "bn1.weight" || item.key().ends_with(".bn2.weight")) item.value().zero_();
    if (item.key().ends_with(".bn2.bias")) item.value().fill_(1);
  }
  network->train();
  return network;
}

TEST(StochasticDepthTest, EveryBlocksBranchIsKeptOrLeftOutPerImage) {
  constexpr std::int64_t kImages = 24;
  const InputSpec input{1, 4, 3, 2};
  // Probabilities l / L x rate: three blocks up to 3/4, nine blocks up to 9/10.
  const std::map<std::int64_t, std::vector<double>> probabilities{{8, {0.25, 0.5, 0.75}},
                                                                  {20, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}}};
  for (const auto& [depth, by_block] : probabilities) {
    SCOPED_TRACE(depth);
    CifarResnetOptions options = resnet_options(depth, 2);
    options.stochastic_depth = by_block.back();
    const auto network = counting_resnet(options, input);
    FeatureHooks hooks;
    ForwardContext context;
    context.hooks = &hooks;
    context.random = RandomStream(17, Purpose::test);
    logits_for(*network, normal_images(kImages, input, torch::kFloat64), context);
    ASSERT_EQ(hooks.features.size(), 3);
    std::size_t block = 0;
    for (std::size_t stage = 0; stage < 3; ++stage) {
      auto sum = torch::zeros({kImages}, torch::kFloat64);
      for (std::size_t i = 0; i < by_block.size() / 3; ++i, ++block) {
        const std::string path = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
        RandomStream stream = RandomStream(17, Purpose::test).child(path).child("stochastic_depth");
        for (std::int64_t image = 0; image < kImages; ++image) {
          if (stream.uniform() >= by_block[block]) sum[image] += 1 / (1 - by_block[block]);
        }
      }
      const auto positions = hooks.features[stage].select(1, -1);  // [N, H, W]
      EXPECT_TRUE(torch::allclose(positions, sum.view({kImages, 1, 1}).expand_as(positions), 1e-12, 0))
          << "stage " << stage + 1;
      EXPECT_GT(std::get<0>(torch::_unique(sum)).numel(), 1) << "images draw for themselves";
    }
  }
}

TEST(StochasticDepthTest, ABranchIsScaledBehindItsGate) {
  Visits visits;
  struct GateOnly final : AttentionFactory {
    explicit GateOnly(Visits& all) : visits(all) {}
    std::shared_ptr<Gate> gate(const InsertionPoint& point) override { return std::make_shared<ToyGate>(point, visits); }
    Visits& visits;
  } gated(visits);
  CifarResnetBlockPlan plan{.in = {3, 5, 4}, .out_channels = 3, .path = "layer1.0"};
  CifarResnetBlockImpl reference(plan);
  plan.drop_probability = 0.5;
  CifarResnetBlockImpl block(plan, gated);
  for (CifarResnetBlockImpl* each : {&block, &reference}) {
    each->to(torch::kFloat64);
    initialise(*each, 2);
  }
  const auto features = normal_images(16, {3, 5, 4, 0}, torch::kFloat64) + 50;  // so large that no sum is negative
  ForwardContext context;
  const auto branch = reference.forward(features, context) - features;
  const auto added = block.forward(features, context) - features;
  std::int64_t kept = 0;
  for (std::int64_t image = 0; image < 16; ++image) {
    if (added[image].eq(0).all().item<bool>()) continue;
    ++kept;
    EXPECT_TRUE(torch::allclose(added[image], branch[image], 1e-9, 1e-9)) << "halved by the gate, doubled for the lost";
  }
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 16);
}

TEST(CifarResnetTest, DropoutActsOnWhatTheLastLayerReads) {
  const InputSpec input{1, 4, 3, 8};
  CifarResnetOptions options = resnet_options(8, 2);
  options.dropout = 0.75;
  const auto network = counting_resnet(options, input);
  {
    const torch::NoGradGuard no_grad;
    network->named_parameters()["fc.weight"].copy_(torch::eye(8));
    network->named_parameters()["fc.bias"].zero_();
  }
  ForwardContext context;
  context.random = RandomStream(17, Purpose::test);
  const auto logits = logits_for(*network, normal_images(5, input, torch::kFloat64), context);
  // The two channels of the first stage go through three blocks, the next two through two, the last four through one.
  const auto pooled = torch::tensor({3, 3, 2, 2, 1, 1, 1, 1}, torch::kFloat64);
  RandomStream stream = RandomStream(17, Purpose::test).child("dropout");
  for (std::int64_t image = 0; image < 5; ++image) {
    for (std::int64_t feature = 0; feature < 8; ++feature) {
      const double expected = stream.uniform() < 0.75 ? 0.0 : 4 * pooled[feature].item<double>();
      EXPECT_NEAR(logits[image][feature].item<double>(), expected, 1e-12);
    }
  }
}

CifarResnetOptions dropping_options() {
  CifarResnetOptions options = resnet_options(14, 4);
  options.dropout = 0.3;
  options.stochastic_depth = 0.6;
  return options;
}

TEST(CifarResnetTest, DrawsDependOnTheStreamAlone) {
  const InputSpec input{2, 6, 7, 3};
  const auto network = plain_resnet(dropping_options(), input);
  give_life(*network, 1);
  network->train();
  const auto images = normal_images(8, input);
  const auto logits_with = [&](std::uint64_t seed) {
    ForwardContext context;
    context.random = RandomStream(seed, Purpose::test);
    auto logits = logits_for(*network, images, context);
    EXPECT_EQ(context.random(), RandomStream(seed, Purpose::test)()) << "the context's own stream does not move";
    return logits;
  };
  const auto logits = logits_with(1);
  EXPECT_TRUE(torch::equal(logits_with(1), logits));
  EXPECT_FALSE(torch::equal(logits_with(2), logits));
}

TEST(CifarResnetTest, DropoutShiftsNoOtherDraw) {
  const InputSpec input{2, 6, 7, 3};
  std::vector<torch::Tensor> last_features;
  for (const double rate : {0.0, 0.3}) {
    CifarResnetOptions options = dropping_options();
    options.dropout = rate;
    const auto network = plain_resnet(options, input);
    give_life(*network, 1);
    network->train();
    FeatureHooks hooks;
    logits_for(*network, normal_images(8, input), &hooks);
    last_features.push_back(hooks.features.back());
  }
  EXPECT_TRUE(torch::equal(last_features[0], last_features[1]));
}

TEST(CifarResnetTest, GradientsWithDropsMatchDifferences) {
  const InputSpec input{1, 6, 5, 3};
  CifarResnetOptions options = resnet_options(8, 2);
  options.dropout = 0.3;
  options.stochastic_depth = 0.6;
  const auto network = plain_resnet(options, input);
  network->to(torch::kFloat64);
  give_life(*network, 3);
  network->train();
  const auto images = normal_images(6, input, torch::kFloat64).requires_grad_();
  std::vector<std::pair<std::string, torch::Tensor>> variables{{"images", images}};
  for (const auto& item : network->named_parameters()) variables.emplace_back(item.key(), item.value());
  expect_gradients_match([&] { return logits_for(*network, images); }, variables);  // a fresh context: the same stream
}

class CifarResnetAttention : public testing::TestWithParam<std::string> {
 protected:
  static constexpr InputSpec kImages{3, 28, 56, 10};  // sides that any mechanism's blocks divide

  std::shared_ptr<Classifier> network(const std::string& options, bool training) const {
    const std::string attention = GetParam() == "bat" ? "{name: bat, dropout: 0}" : GetParam();  // it drops by default
    auto classifier = built("{name: resnet8, width: 16, attention: " + attention + options + "}", kImages);
    give_life(*classifier, 4);
    classifier->train(training);
    return classifier;
  }
};

TEST_P(CifarResnetAttention, NothingIsDroppedByDefaultOrInEvaluation) {
  const std::string drops = ", dropout: 0.4, stochastic_depth: 0.7";
  const auto images = normal_images(6, kImages);
  const auto evaluated = logits_for(*network("", false), images);
  EXPECT_TRUE(torch::equal(logits_for(*network(", dropout: 0, stochastic_depth: 0", false), images), evaluated));
  EXPECT_TRUE(torch::equal(logits_for(*network(drops, false), images), evaluated));

  const auto trained = logits_for(*network("", true), images);
  ForwardContext another;
  another.random = RandomStream(99, Purpose::test);
  EXPECT_TRUE(torch::equal(logits_for(*network(", dropout: 0, stochastic_depth: 0", true), images, another), trained));
  EXPECT_FALSE(torch::equal(logits_for(*network(drops, true), images), trained));
}

TEST_P(CifarResnetAttention, DropsAddNothingToTheWeights) {
  const auto names = [](const Classifier& classifier) {
    std::vector<std::string> keys;
    for (const auto& [name, tensor] : state_dict(classifier)) keys.push_back(name);
    return keys;
  };
  EXPECT_EQ(names(*network(", dropout: 0.4, stochastic_depth: 0.7", true)), names(*network("", true)));
}

std::vector<std::string> gate_names() {
  std::vector<std::string> names{"none"};
  for (const MechanismRow& row : mechanism_registry()) {
    if (std::holds_alternative<GateBuilder>(row.build)) names.push_back(row.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, CifarResnetAttention, testing::ValuesIn(gate_names()),
                         [](const auto& test) { return test.param; });

// Images of three equal channels are to the first network what grey images are to the second.
TEST(CifarResnetTest, StartsFromWeightsForOtherImagesAndClasses) {
  const auto before = plain_resnet(resnet_options(8, 4), {3, 9, 8, 10});
  give_life(*before, 1);
  before->eval();
  const auto after = plain_resnet(resnet_options(8, 4), {1, 9, 8, 4});
  initialise(*after, 2);
  after->eval();
  const auto head = after->named_parameters()["fc.weight"].detach().clone();
  InitialWeightsOptions options;
  options.input = InitialInput::adapt;
  load_initial_weights(*after, {copy_state(*before)}, options, "test");

  const auto grey = normal_images(3, {1, 9, 8, 4});
  FeatureHooks seen_before, seen_after;
  logits_for(*before, grey.expand({3, 3, 9, 8}), &seen_before);
  logits_for(*after, grey, &seen_after);
  for (std::size_t stage = 0; stage < 3; ++stage) {  // sums in another order: 1e-5 of values around 1
    EXPECT_TRUE(torch::allclose(seen_after.features[stage], seen_before.features[stage], 1e-4, 1e-5))
        << "stage " << stage + 1;
  }
  EXPECT_TRUE(torch::equal(after->named_parameters()["fc.weight"], head));
}

TEST(CifarResnetTest, TheSameImagesGiveTheSameLogits) {
  const auto network = built("{name: resnet8, width: 4, attention: cbam}");
  give_life(*network, 1);
  network->eval();
  const auto images = normal_images(3, kCifarInput);
  const auto logits = logits_for(*network, images);
  EXPECT_TRUE(torch::equal(logits_for(*network, images), logits)) << "a forward pass left something behind";
  // Alone or in a batch: other kernels may sum in another order, 1e-5 of values around 1.
  EXPECT_TRUE(torch::allclose(logits_for(*network, images.slice(0, 1, 2)), logits.slice(0, 1, 2), 1e-4, 1e-5));
}

TEST(ModelRegistryTest, NamesStandForTheirDepth) {
  for (const int depth : {8, 14, 20, 32, 44, 56, 110}) {
    const std::string name = "resnet" + std::to_string(depth);
    EXPECT_EQ(count_parameters(*built(name)),
              count_parameters(*built("{name: cifar_resnet, depth: " + std::to_string(depth) + "}")));
    EXPECT_FALSE(model_of(name).write().contains("depth")) << "the name says it";
  }
  EXPECT_EQ(count_parameters(*built("resnet20")), 269722);
}

TEST(ModelFieldTest, OptionsAndAttentionReadBackAsWritten) {
  ModelField model = model_of("{name: resnet8, width: 6, shortcut: conv, attention: [{name: se, stages: [2]}, eca]}");
  const Json written = model.write();
  EXPECT_EQ(written.at("name"), "resnet8");
  EXPECT_EQ(written.at("width"), 6);
  EXPECT_EQ(written.at("shortcut"), "conv");
  ASSERT_EQ(written.at("attention").size(), 2);
  EXPECT_EQ(model_of(written.dump()).write(), written);
}

TEST(ModelFieldTest, MistakesAreRefusedWithTheirPlace) {
  EXPECT_THAT([] { model_of("resnet21"); },
              ThrowsMessage<InputError>(AllOf(StartsWith("a.yaml:1: model: expected a model, "),
                                              HasSubstr("got 'resnet21'; did you mean 'resnet"))));
  EXPECT_THAT([] { model_of("{name: alexnet}"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml:1: model.name: expected a model, got 'alexnet'")));
  EXPECT_THAT([] { model_of("{width: 8}"); }, ThrowsMessage<InputError>(HasSubstr("model.name: expected a name, got none")));
  EXPECT_THAT([] { model_of("{name: resnet8, widht: 8}"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("model.widht: unknown key"), HasSubstr("'width'"))));
  EXPECT_THAT([] { model_of("{name: resnet8, width: 0}"); },
              ThrowsMessage<InputError>(HasSubstr("model.width: expected an integer")));
  EXPECT_THAT([] { model_of("{name: resnet8, shortcut: none}"); },
              ThrowsMessage<InputError>(HasSubstr("model.shortcut: expected one of pad, pad_both and conv, got 'none'")));
  EXPECT_THAT([] { model_of("{name: resnet8, dropout: 1}"); },
              ThrowsMessage<InputError>(HasSubstr("model.dropout: expected a number in [0, 1), got '1'")));
  EXPECT_THAT([] { model_of("{name: resnet8, stochastic_depth: -0.1}"); },
              ThrowsMessage<InputError>(HasSubstr("model.stochastic_depth: expected a number in [0, 1), got '-0.1'")));
}

/// A small network with attention, its input and its file.
struct SavedModel {
  explicit SavedModel(
      const std::string& yaml = "{name: resnet8, width: 4, attention: {name: se, stages: [2], reduction_ratio: 4}}",
      const InputSpec& images = {2, 12, 9, 3})
      : input(images), model(model_of(yaml)), network(build_classifier(model, input)) {
    give_life(*network, 9);
    network->eval();
  }
  std::string save(const TemporaryDirectory& folder, const Json& description) const {
    const std::string path = folder.path("model.safetensors");
    write_model_file(path, state_dict(*network), description);
    return path;
  }
  Json description() { return describe_model(model.write(), input, {"cat", "dog", "owl"}, two_channels()); }
  static PreprocessOptions two_channels() {
    PreprocessOptions preprocess;
    preprocess.mean = preprocess.standard_deviation = {0.5, 0.25};
    return preprocess;
  }

  InputSpec input;
  ModelField model;
  std::shared_ptr<Classifier> network;
};

TEST(LoadModelFileTest, ALoadedNetworkGivesEqualLogits) {
  const TemporaryDirectory folder;
  SavedModel saved;
  const LoadedModel loaded = load_model_file(saved.save(folder, saved.description()));
  EXPECT_FALSE(loaded.classifier->is_training());
  const auto images = normal_images(4, saved.input);
  EXPECT_TRUE(torch::equal(logits_for(*loaded.classifier, images), logits_for(*saved.network, images)));
  EXPECT_EQ(loaded.description.classes, (std::vector<std::string>{"cat", "dog", "owl"}));
  EXPECT_EQ(loaded.description.input.channels, 2);
  EXPECT_EQ(loaded.description.input.height, 12);
  EXPECT_EQ(loaded.description.input.width, 9);
  EXPECT_EQ(loaded.description.input.num_classes, 3);
  EXPECT_EQ(loaded.description.preprocess.mean, (std::vector<double>{0.5, 0.25}));
}

TEST(LoadModelFileTest, EveryMechanismReturns) {
  for (const MechanismRow& row : mechanism_registry()) {
    SCOPED_TRACE(row.name);
    const TemporaryDirectory folder;
    const std::int64_t side = row.name == "halo" ? 32 : 28;  // its blocks are 8 x 8
    const InputSpec input{2, side, 2 * side, 3};
    SavedModel saved("{name: resnet8, width: 16, attention: " + row.name + "}", input);
    const LoadedModel loaded = load_model_file(saved.save(folder, saved.description()));
    const auto images = normal_images(2, input);
    const auto logits = logits_for(*saved.network, images);
    EXPECT_TRUE(torch::isfinite(logits).all().item<bool>());
    EXPECT_TRUE(torch::equal(logits_for(*loaded.classifier, images), logits));
  }
}

TEST(LoadModelFileTest, ADescriptionOfAFarLargerNetworkIsRefusedBeforeItIsBuilt) {
  const TemporaryDirectory folder;
  SavedModel saved;
  Json forged = saved.description();
  forged["model"]["width"] = 1024;
  forged["model"]["name"] = "cifar_resnet";
  forged["model"]["depth"] = 1202;  // about 4e10 parameters
  const std::string path = saved.save(folder, forged);
  EXPECT_THAT([&] { load_model_file(path); },
              ThrowsMessage<InputError>(AllOf(StartsWith(path + ": "), HasSubstr("one of a far larger network"))));
}

TEST(LoadModelFileTest, ADescriptionOfThousandsOfTinyLayersIsRefusedBeforeTheyFillTheMemory) {
  const TemporaryDirectory folder;
  SavedModel saved;
  Json forged = saved.description();
  forged["model"]["width"] = 1;
  forged["model"]["name"] = "cifar_resnet";
  forged["model"]["depth"] = 1202;  // 600 norms of a few bytes and megabytes of modules
  const std::string path = saved.save(folder, forged);
  EXPECT_THAT([&] { load_model_file(path); },
              ThrowsMessage<InputError>(AllOf(StartsWith(path + ": "), HasSubstr("one of a far larger network"))));
}

TEST(LoadModelFileTest, ADescriptionOfAnotherNetworkIsRefused) {
  const TemporaryDirectory folder;
  SavedModel saved;
  const auto message = [&](const char* section, const char* key, const Json& value) -> std::string {
    Json other = saved.description();
    other[section][key] = value;
    try {
      load_model_file(saved.save(folder, other));
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_THAT(message("model", "name", "resnet14"),
              AllOf(StartsWith(folder.path()), HasSubstr("missing (layer1.1.bn1.bias, ")));
  EXPECT_THAT(message("model", "attention", "none"), HasSubstr("unexpected (layer2.0.se.fc1.bias"));
  EXPECT_THAT(message("model", "width", 5), HasSubstr("with a shape mismatch (bn1.bias [5], got [4], "));
  EXPECT_THAT(message("model", "name", "cifar_resnet"), HasSubstr("missing (layer1.1.bn1.bias, "));  // of depth 20
  EXPECT_THAT(message("model", "name", "alexnet"), AllOf(StartsWith(folder.path()), HasSubstr("expected a model, ")));
  EXPECT_THAT(message("model", "attention", Json{{"name", "se"}, {"stages", {7}}}),
              HasSubstr("expected an insertion point for 'se'"));

  Json wider = saved.description();
  wider["input"]["channels"] = 3;
  wider["preprocess"]["mean"] = wider["preprocess"]["std"] = {0.1, 0.2, 0.3};
  EXPECT_THAT([&] { load_model_file(saved.save(folder, wider)); },
              ThrowsMessage<InputError>(HasSubstr("with a shape mismatch (conv1.weight [4, 3, 3, 3], got [4, 2, 3, 3])")));

  Json fewer = saved.description();
  fewer["classes"] = {"cat", "dog"};
  EXPECT_THAT([&] { load_model_file(saved.save(folder, fewer)); },
              ThrowsMessage<InputError>(HasSubstr("with a shape mismatch (fc.bias [2], got [3], ")));
}

TEST(LoadModelFileTest, AFileWithoutADescriptionIsRefused) {
  const TemporaryDirectory folder;
  const SavedModel saved;
  const std::string path = folder.path("weights.safetensors");
  write_safetensors(path, state_dict(*saved.network), {});
  EXPECT_THAT([&] { load_model_file(path); },
              ThrowsMessage<InputError>(StartsWith(path + ": expected a model file written by fovea, got ")));
}

}  // namespace
}  // namespace fovea
