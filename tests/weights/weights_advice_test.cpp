#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/classifier.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/model_file.h>
#include <fovea/weights/state_dict.h>
#include <fovea/weights/weights_advice.h>

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A stem, blocks and a last layer under the names of a ResNet, which has 7 + 2 * blocks + 2 tensors.
struct SmallResnet final : Classifier, HasKeyMappings {
  explicit SmallResnet(int blocks = 2, std::int64_t width = 4, std::int64_t classes = 2) : Classifier("SmallResnet") {
    conv1 = register_module("conv1", torch::nn::Conv2d(3, width, 3));
    bn1 = register_module("bn1", torch::nn::BatchNorm2d(width));
    register_module("relu", torch::nn::ReLU());
    for (int block = 0; block < blocks; ++block) layer1->push_back(torch::nn::Conv2d(width, width, 3));
    register_module("layer1", layer1);
    fc = register_module("fc", torch::nn::Linear(width, classes));
  }
  ModelOutput classify(const Batch& batch, ForwardContext&) override { return {fc(bn1(conv1(batch.input())).mean({2, 3}))}; }
  std::string head() const override { return "fc"; }
  std::string input_layer() const override { return "conv1"; }
  std::vector<KeyMapping> key_mappings() const override {
    return {{"timm", {{"conv1", {"stem.conv"}}, {"bn1", {"stem.norm"}}, {"layer1", {"blocks"}}, {"fc", {"classifier"}}}}};
  }

  torch::nn::Conv2d conv1{nullptr};
  torch::nn::BatchNorm2d bn1{nullptr};
  torch::nn::Sequential layer1;
  torch::nn::Linear fc{nullptr};
};

NamedTensors resnet_weights(int blocks = 2, std::int64_t width = 4, std::int64_t classes = 2) {
  return copy_state(SmallResnet(blocks, width, classes));
}

/// The weights with a beginning of every name.
NamedTensors below(const std::string& beginning, const NamedTensors& weights) {
  NamedTensors prefixed;
  add_with_prefix(prefixed, weights, beginning);
  return prefixed;
}

/// The weights with other names of whole layers.
NamedTensors with_layers_named(const NamedTensors& weights, const std::vector<Rename>& renames) {
  return renamed_tensors(without_wrapper_prefix("", weights), renames);
}

std::string advice_on(NamedTensors weights, const VisitNetworks& others = {}, const std::vector<Rename>& renames = {}) {
  const SmallResnet network;
  return weights_advice(network, name_for(network, without_wrapper_prefix("a.pth", std::move(weights)), renames), others);
}

const std::string kUnknown =
    "the file belongs to another architecture, or its keys need renames; see the full report on its keys";

TEST(WeightsAdviceTest, ABackboneOfALargerModelGetsTheRenameThatWasTried) {
  const std::string numbers = " (0 instead of 13 tensors missing and 0 instead of 13 unexpected)";
  EXPECT_EQ(advice_on(below("backbone.", resnet_weights())), "add the rename backbone=" + numbers);
  const KeyMapping timm = SmallResnet().key_mappings()[0];
  EXPECT_EQ(advice_on(below("model.encoder.", to_external_names(timm, resnet_weights()))),
            "add the rename model.encoder=" + numbers)
      << "the rest are timm's names";
}

TEST(WeightsAdviceTest, ChildrenOfAResnetSavedInASequentialAreNamedOneByOne) {
  const NamedTensors body =
      with_layers_named(resnet_weights(), {{"conv1.*", "0.*"}, {"bn1.*", "1.*"}, {"layer1.*", "3.*"}, {"fc.*", ""}});
  const std::string numbers = " (0 instead of 11 tensors missing and 0 instead of 11 unexpected)";
  for (const std::string beginning : {"", "backbone."}) {
    NamedTensors weights = below(beginning, body);
    for (const char* name : {"fc.weight", "fc.bias"}) weights[name] = resnet_weights().at(name);
    EXPECT_EQ(advice_on(weights), "add the renames " + beginning + "0.*=conv1.*, " + beginning + "1.*=bn1.* and " +
                                      beginning + "3.*=layer1.*" + numbers);
  }
}

TEST(WeightsAdviceTest, ALastLayerOfAnotherNameIsFoundByItsShape) {
  for (const std::string name : {"linear", "last_linear", "fc.1", "head.fc", "my_classes"}) {
    for (const std::int64_t classes : {2, 10}) {
      EXPECT_EQ(advice_on(with_layers_named(resnet_weights(2, 4, classes), {{"fc.*", name + ".*"}})),
                "add the rename " + name + "=fc (0 instead of 2 tensors missing and 0 instead of 2 unexpected)");
    }
  }
  EXPECT_EQ(advice_on(with_layers_named(below("net.", resnet_weights()), {{"net.fc.*", "net.linear.*"}})),
            "add the renames net= and linear=fc (0 instead of 13 tensors missing and 0 instead of 13 unexpected)");
}

TEST(WeightsAdviceTest, AMissingLastLayerIsSaid) {
  NamedTensors weights = resnet_weights();
  weights.erase("fc.weight");
  weights.erase("fc.bias");
  EXPECT_EQ(advice_on(weights), "only the last layer, fc, is missing: train.init with head: replace starts with a new one");
}

TEST(WeightsAdviceTest, TensorsThatTheNetworkDoesNotHaveCanBeSkipped) {
  NamedTensors weights = resnet_weights();
  weights["aux.0.weight"] = torch::ones({3});
  weights["layer1.scale"] = torch::ones({3});
  weights["queue"] = torch::ones({3});
  EXPECT_EQ(advice_on(weights),
            "skip the unexpected tensors with the renames aux.*=, layer1.scale= and queue= (0 instead of 3 unexpected), if "
            "these tensors are no part of the network");
}

TEST(WeightsAdviceTest, AMocoCheckpointKeepsItsQueryEncoder) {
  NamedTensors weights = below("module.encoder_q.", resnet_weights());
  weights.merge(below("module.encoder_k.", resnet_weights()));
  weights["module.queue"] = torch::ones({4, 8});
  weights["module.queue_ptr"] = torch::zeros({1}, torch::kInt64);
  const std::string advice = advice_on(weights);
  EXPECT_EQ(advice,
            "the keys are those of MoCo; add the renames encoder_q=, encoder_k.*=, queue= and queue_ptr= (0 instead of 13 "
            "tensors missing and 0 instead of 28 unexpected)");
  SmallResnet network;
  const auto file = without_wrapper_prefix("a.pth", weights);
  load_named_weights(network, name_for(network, file, {{"encoder_q", ""}, {"encoder_k.*", ""}, {"queue*", ""}}), "a.pth");
}

TEST(WeightsAdviceTest, ADinoTeacherHasNoLastLayer) {
  NamedTensors weights = with_layers_named(below("backbone.", resnet_weights()), {{"backbone.fc.*", ""}});
  weights["head.mlp.0.weight"] = torch::ones({8, 4});
  weights["head.last_layer.weight_g"] = torch::ones({8, 1});
  EXPECT_EQ(
      advice_on(weights),
      "the keys are those of DINO's training; add the renames backbone= and head.*= (2 instead of 13 tensors missing "
      "and 0 instead of 13 unexpected); then only the last layer, fc, is missing: train.init with head: replace starts "
      "with a new one");
}

TEST(WeightsAdviceTest, OtherProgramsAreNamedByTheirKeys) {
  const auto advice = [](const char* key) { return advice_on({{key, torch::ones({3})}}); };
  EXPECT_EQ(advice("vit.embeddings.patch_embeddings.projection.weight"),
            "the keys are those of Hugging Face's transformers; get the weights of timm or torchvision for this network");
  EXPECT_THAT(advice("resnet.encoder.stages.0.layers.0.layer.0.convolution.weight"), HasSubstr("Hugging Face"));
  EXPECT_THAT(advice("Transformer/encoderblock_0/LayerNorm_0/kernel"), StartsWith("the keys are those of Flax; "));
  EXPECT_THAT(advice("params.conv_init.kernel"), StartsWith("the keys are those of Flax; "));
  EXPECT_THAT(advice("visual.transformer.resblocks.0.ln_1.weight"), StartsWith("the keys are those of open_clip; "));
  EXPECT_THAT(advice("momentum_encoder.patch_embed.weight"), StartsWith("the keys are those of MoCo; "));
  EXPECT_EQ(advice("encoder.layers.encoder_layer_0.ln_1.weight"), kUnknown) << "torchvision's";
}

TEST(WeightsAdviceTest, WeightsOfAnotherRegisteredNetworkNameIt) {
  const VisitNetworks others = [](const auto& visit) {
    for (const int blocks : {1, 3, 4}) visit("resnet" + std::to_string(blocks), SmallResnet(blocks));
    visit("wide_resnet", SmallResnet(2, 8));
  };
  EXPECT_EQ(advice_on(resnet_weights(3), others), "the weights are rather those of resnet3 (0 instead of 2 unexpected)");
  EXPECT_EQ(advice_on(resnet_weights(2, 8), others),
            "the weights are rather those of wide_resnet (0 instead of 11 tensors missing or of another shape)");
  EXPECT_EQ(advice_on(below("backbone.", resnet_weights(2, 8)), others),
            "the weights are rather those of wide_resnet, with the rename backbone= (0 instead of 13 tensors missing and 0 "
            "instead of 13 unexpected)");
  EXPECT_EQ(advice_on(below("backbone.", resnet_weights()), others),
            "add the rename backbone= (0 instead of 13 tensors missing and 0 instead of 13 unexpected)");
  EXPECT_EQ(advice_on({{"layer1.7.gamma", torch::ones({2})}}, others), kUnknown) << "none of them";
}

TEST(WeightsAdviceTest, ARenameThatHelpsNoTensorIsNotAdvised) {
  EXPECT_THAT(advice_on(resnet_weights(5, 8)), AllOf(Not(HasSubstr("add the")), Not(HasSubstr("layer1.2="))))
      << "the end of layer1.2.weight alone is a name of the network's norm";
  NamedTensors weights = resnet_weights(1);
  weights["layer2.0.conv1.weight"] = torch::ones({7});
  EXPECT_EQ(advice_on(weights), kUnknown);
}

TEST(WeightsAdviceTest, AnyNumberOfNamesIsAnsweredSoon) {
  NamedTensors weights;
  const auto value = torch::ones({1});
  for (int i = 0; i < 16000; ++i) weights["backbone.layer." + std::to_string(i) + ".with_a_long_name.weight"] = value;
  const std::clock_t start = std::clock();  // of the process: a machine may be busy
  EXPECT_EQ(advice_on(weights), kUnknown);
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 10.0);  // one second at -O2
}

TEST(WeightsAdviceTest, AFileThatDescribesItsNetworkIsBelieved) {
  const Json model = {{"name", "resnet3"}, {"attention", {{{"name", "se"}}, {{"name", "bahdanau"}}}}};
  PreprocessOptions preprocess;
  preprocess.resize = {32, 32};
  preprocess.mean = preprocess.standard_deviation = {1, 1, 1};
  const Json description = describe_model(model, {3, 32, 32, 1}, {"cat"}, preprocess);
  WeightsFile file = without_wrapper_prefix("a.safetensors", resnet_weights(3));
  file.metadata = {{"fovea.format", "1"}, {"fovea.model", description.dump()}};
  const SmallResnet network;
  EXPECT_EQ(
      weights_advice(network, name_for(network, file)),
      "the file says that it is of resnet3 with attention se + bahdanau: choose the same network and options, or open the "
      "file itself as the model");
}

TEST(WeightsAdviceTest, WithoutTheFileNothingCanBeTried) {
  EXPECT_EQ(weights_advice(SmallResnet(), {below("backbone.", resnet_weights())}), kUnknown);
}

}  // namespace
}  // namespace fovea
