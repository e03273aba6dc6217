// Weights for other libraries, and what theirs cannot tell.

#include <algorithm>
#include <string>
#include <temporary_directory.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/fovea.h>
#include <fovea/nn/initialise.h>
#include <fovea/run/assumptions.h>
#include <fovea/weights/safetensors.h>
#include <fovea/weights/state_dict.h>

#include "built_network.h"
#include "file_text.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

/// A ResNet that is small enough for a test.
constexpr const char* kNarrow = "model.channels=[8, 12, 16, 24]";

class ConversionTest : public testing::Test {
 protected:
  /// A file of weights that another library could have written. @param model a section `model`.
  std::string external(const std::string& model, const InputSpec& input = {3, 32, 32, 3}) {
    const auto network = built(model, input);
    initialise(*network, 1);
    std::string file = path("theirs.safetensors");
    write_safetensors(file, state_dict(*network), {});
    return file;
  }
  std::string path(const std::string& name) const { return folder_.path(name); }

  static const AssumedChoice& choice(const std::vector<AssumedChoice>& assumed, const std::string& about) {
    const auto found =
        std::find_if(assumed.begin(), assumed.end(), [&](const AssumedChoice& made) { return made.about == about; });
    if (found == assumed.end()) throw InputError("test", "the choice " + about, "none");
    return *found;
  }

  const std::vector<std::string> photos_{"preprocess.resize=[32, 32]", "preprocess.mean=[0.5, 0.4, 0.3]",
                                         "preprocess.std=[0.2, 0.2, 0.2]"};
  TemporaryDirectory folder_;
};

TEST_F(ConversionTest, WeightsFromElsewhereSayWhatNoTensorTells) {
  const std::string file = external("resnet20");
  const Conversion conversion = convert_weights(file, {.model = "resnet20", .settings = photos_});
  const AssumedChoice& shortcut = choice(conversion.assumed, "shortcut");
  EXPECT_EQ(shortcut.value, "pad");
  EXPECT_EQ(shortcut.key, "model.shortcut");
  EXPECT_EQ(shortcut.others, (std::vector<std::string>{"pad_both"}));
  EXPECT_EQ(choice(conversion.assumed, "activation").value, "relu");
  EXPECT_EQ(choice(conversion.assumed, "input").value, "RGB, mean 0.5 0.4 0.3, std 0.2 0.2 0.2");
  EXPECT_EQ(choice(conversion.assumed, "class order").value, "class 0 to class 2");
  EXPECT_EQ(choice(conversion.assumed, "class order").meaning, "numbers");
  const Model model = load_model("resnet20", {.weights = file, .settings = photos_, .classes = {"a", "b", "c"}});
  EXPECT_EQ(
      assumption_note("theirs.pth", model.name(), model.source().assumed),
      "theirs.pth: the file cannot tell shortcut (pad, or pad_both) and input (RGB, mean 0.5 0.4 0.3, std 0.2 0.2 0.2); "
      "assumed for resnet20");

  auto projected = photos_;
  projected.push_back("model.shortcut=conv");
  const Conversion tensors_tell =
      convert_weights(external("{name: resnet20, shortcut: conv}"), {.model = "resnet20", .settings = projected});
  EXPECT_THROW(choice(tensors_tell.assumed, "shortcut"), InputError);
}

TEST_F(ConversionTest, AModelFileOfFoveaAssumesNothing) {
  convert_weights(external("resnet8"), {.out = path("model.safetensors"), .model = "resnet8", .settings = photos_});
  EXPECT_TRUE(convert_weights(path("model.safetensors")).assumed.empty());
  const Model loaded = load_model("resnet8", {.weights = path("model.safetensors")});
  EXPECT_TRUE(loaded.source().assumed.empty());
  EXPECT_TRUE(load_model(path("model.safetensors")).source().assumed.empty());
}

TEST_F(ConversionTest, ANetworkWithAttentionDoesNotBecomeTorchvisions) {
  const std::string narrow = "channels: [8, 12, 16, 24]", file = external("{name: resnet18, attention: se, " + narrow + "}");
  const std::vector<std::string> settings{"model.attention=se", kNarrow};
  const ConversionOptions options{
      .out = path("out.safetensors"), .model = "resnet18", .settings = settings, .to = "torchvision"};
  EXPECT_THAT([&] { convert_weights(file, options); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("conversion to: expected fovea or state_dict for a network with "
                                                        "attention, got torchvision"),
                                              HasSubstr("torchvision's network has no layer1.0.se.fc1.bias and 31 more"))));
  EXPECT_THAT(
      [&] {
        convert_weights(external("{name: seresnet18, " + narrow + "}"),
                        {.model = "seresnet18", .settings = {kNarrow}, .to = "torchvision"});
      },
      ThrowsMessage<InputError>(HasSubstr("attention")));
  ConversionOptions as_timm = options;
  as_timm.to = "timm";
  EXPECT_EQ(convert_weights(external("{name: resnet18, attention: se, " + narrow + "}"), as_timm).attention_tensors.size(),
            32U);
}

TEST_F(ConversionTest, ChoicesThatAnotherLibraryMayMakeOtherwiseAreNamed) {
  const std::string file = external("{name: resnet18, channels: [8, 12, 16, 24]}");
  const auto notes = [&](const std::vector<std::string>& settings) {
    return convert_weights(file, {.model = "resnet18", .settings = settings, .to = "torchvision"}).notes;
  };
  EXPECT_THAT(notes({kNarrow}), testing::IsEmpty());
  EXPECT_THAT(notes({kNarrow, "model.norm_epsilon=0.001"}),
              testing::ElementsAre(AllOf(HasSubstr("torchvision's resnet18 may have another "), HasSubstr("0.001"))));
}

TEST_F(ConversionTest, FilesForOtherLibrariesKeepClassesAndPreprocessing) {
  for (const char* to : {"torchvision", "timm", kStateDictNames}) {
    SCOPED_TRACE(to);
    const std::string out = path(std::string(to) + ".safetensors");
    const Conversion written = convert_weights(
        external("{name: resnet18, channels: [8, 12, 16, 24]}"),
        {.out = out, .model = "resnet18", .settings = {kNarrow}, .classes = {"ant", "bee", "cat"}, .to = to});
    EXPECT_FALSE(written.is_model_file);
    const SafetensorsFile file(out);
    EXPECT_EQ(file.metadata().at("format"), "pt");
    EXPECT_EQ(Json::parse(file.metadata().at("fovea.classes")), Json::parse(R"(["ant", "bee", "cat"])"));
    EXPECT_EQ(Json::parse(file.metadata().at("fovea.preprocess"))["crop"], Json::parse("[224]"));
    EXPECT_TRUE(file.contains("layer1.0.conv1.weight"));
    EXPECT_EQ(load_model("resnet18", {.weights = out, .settings = {kNarrow}}).classes(),
              (std::vector<std::string>{"ant", "bee", "cat"}));
  }
}

TEST_F(ConversionTest, APythonModuleIsWrittenBesideItsWeights) {
  const std::string file = external("resnet8");
  const Conversion written = convert_weights(file, {.out = path("net.safetensors"),
                                                    .model = "resnet8",
                                                    .settings = photos_,
                                                    .to = kStateDictNames,
                                                    .python = path("net.py")});
  EXPECT_EQ(written.python, path("net.py"));
  const std::string source = file_text(path("net.py"));
  EXPECT_THAT(source, AllOf(HasSubstr("class Network(nn.Module):"), HasSubstr("__file__).parent / \"net.safetensors\""),
                            HasSubstr("MEAN, STD = [0.5,0.4,0.3], [0.2,0.2,0.2]"), Not(HasSubstr("@width"))));
  auto averaged = photos_;
  averaged.push_back("preprocess.interpolation=area");
  convert_weights(file,
                  {.out = path("area.safetensors"), .model = "resnet8", .settings = averaged, .python = path("area.py")});
  EXPECT_THAT(file_text(path("area.py")), HasSubstr("transforms.InterpolationMode.BOX"));
  EXPECT_THAT([&] { convert_weights(file, {.model = "resnet8", .settings = photos_, .python = path("net.py")}); },
              ThrowsMessage<InputError>(HasSubstr("a file that does not exist yet")));
}

TEST_F(ConversionTest, WhatHasNoPythonFormSaysSo) {
  const auto refusal = [&](const std::string& model, const InputSpec& input, ConversionOptions options) {
    options.python = path("other.py");
    try {
      convert_weights(external(model, input), options);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_THAT(refusal("{name: vit_tiny_patch16_224, depth: 1}", {3, 224, 224, 3},
                      {.model = "vit_tiny_patch16_224", .settings = {"model.depth=1"}}),
              AllOf(HasSubstr("a network that has a Python form: resnet8"), HasSubstr("vgg19_bn")));
  auto gated = photos_;
  gated.push_back("model.attention=eca");
  EXPECT_THAT(refusal("{name: resnet8, attention: eca}", {3, 32, 32, 3}, {.model = "resnet8", .settings = gated}),
              HasSubstr("a network without attention"));
  EXPECT_THAT(refusal("{name: resnet18, channels: [8, 12, 16, 24]}", {3, 32, 32, 3},
                      {.model = "resnet18", .settings = {kNarrow}, .to = "timm"}),
              HasSubstr("fovea or state_dict, whose names the Python module has"));
  EXPECT_THAT(refusal("resnet8", {3, 32, 32, 3}, {}), HasSubstr("python: expected a model, got none"));
}

}  // namespace
}  // namespace fovea
