// External checkpoints, from outside: `--weights`, `--rename`, `fovea convert`, and hostile files.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/file.h>
#include <fovea/config/config_node.h>
#include <fovea/datasets/imagenet_classes.h>
#include <fovea/image/encode.h>
#include <fovea/image/image.h>
#include <fovea/nn/initialise.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/safetensors.h>
#include <fovea/weights/state_dict.h>

#include "built_network.h"
#include "file_text.h"
#include "memory_limit.h"
#include "program_fixture.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kPhoto = FOVEA_TEST_DATA "/fashion_mnist/ankle_boot.png";

/// A network with weights drawn from a seed.
std::shared_ptr<Classifier> drawn_network(const std::string& model, const InputSpec& input) {
  auto network = built(model, input);
  initialise(*network, 3);
  network->eval();
  return network;
}

/// Weights that look as if torchvision had published them: names only, 1000 classes.
class WeightsProgram : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    ProgramTest::SetUpTestSuite();
    network_ = drawn_network("mobilenet_v3_small", {3, 224, 224, 1000});
    write_weights("published.safetensors", state_dict(*network_));
  }
  static void TearDownTestSuite() {
    network_.reset();
    ProgramTest::TearDownTestSuite();
  }

  static void write_weights(const std::string& name, const NamedTensors& tensors) {
    write_safetensors(path(name), tensors, {{"format", "pt"}});
  }

  static inline std::shared_ptr<Classifier> network_;
};

TEST_F(WeightsProgram, ANamedNetworkTakesPublishedWeightsAndBringsItsPreprocessingAndImageNetsClasses) {
  const Json predictions = json({"predict", "mobilenet_v3_small", "--weights", "published.safetensors", kPhoto});
  ASSERT_EQ(predictions[0]["topk"].size(), 5U);
  for (const Json& entry : predictions[0]["topk"]) {
    EXPECT_EQ(entry["name"], imagenet_classes()[entry["class"].get<std::size_t>()]);
  }
  const Json drawn =
      json({"overlay", "mobilenet_v3_small", "--weights", "published.safetensors", kPhoto, "--out", "overlays"});
  ASSERT_EQ(drawn.size(), 1U);
  EXPECT_TRUE(exists(drawn[0]["output"]));
  EXPECT_EQ(drawn[0]["name"], predictions[0]["topk"][0]["name"]);
}

TEST_F(WeightsProgram, PreprocessingOfANamedNetworkCanBeSet) {
  const std::vector<std::string> predict = {"predict", "mobilenet_v3_small", "--weights", "published.safetensors", kPhoto};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = predict;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return json(arguments)[0]["topk"];
  };
  EXPECT_EQ(with({"--set", "preprocess.resize=256", "--set", "preprocess.crop=224"}), json(predict)[0]["topk"]);
  EXPECT_NE(with({"--set", "preprocess.resize=232", "--set", "preprocess.crop=224"}), json(predict)[0]["topk"]);
  EXPECT_NE(with({"--set", "preprocess.mean=[0.5,0.5,0.5]"}), json(predict)[0]["topk"]);
  EXPECT_EQ(with({"--set", "preprocess.crop=192"}), with({"--set", "preprocess.crop=192", "--set", "preprocess.resize=219"}))
      << "crop_pct stays 0.875";
}

TEST_F(WeightsProgram, ClassNamesComeFromAFileOrAreNumbers) {
  auto other = drawn_network("mobilenet_v3_small", {3, 224, 224, 3});
  write_weights("three.safetensors", state_dict(*other));
  const std::vector<std::string> predict = {"predict", "mobilenet_v3_small", "--weights", "three.safetensors", kPhoto};
  std::set<std::string> numbered, named;
  const Json without = json(predict);
  for (const Json& entry : without[0]["topk"]) numbered.insert(entry["name"]);
  EXPECT_EQ(numbered, (std::set<std::string>{"class 0", "class 1", "class 2"}));
  write("names.txt", "ant\nbee\r\ncat\n");
  auto arguments = predict;
  arguments.insert(arguments.end(), {"--classes", "names.txt"});
  const Json with = json(arguments);
  for (const Json& entry : with[0]["topk"]) named.insert(entry["name"]);
  EXPECT_EQ(named, (std::set<std::string>{"ant", "bee", "cat"}));
  write("names.txt", "ant\nbee\n");
  EXPECT_THAT(refusal(arguments), HasSubstr("classes: expected 3 names"));
}

TEST_F(WeightsProgram, ConvertWritesAModelFileThatPredictsTheSame) {
  const Json report = json({"convert", "published.safetensors", "model.safetensors", "--model", "mobilenet_v3_small"});
  EXPECT_EQ(report["model"], "mobilenet_v3_small");
  EXPECT_EQ(report["names_in"], "fovea");
  EXPECT_TRUE(report["fits"].get<bool>());
  EXPECT_EQ(json({"predict", "model.safetensors", kPhoto}),
            json({"predict", "mobilenet_v3_small", "--weights", "published.safetensors", kPhoto}));
}

TEST_F(WeightsProgram, ConvertGoesToAnotherLibrarysNamesAndBackByItself) {
  const Json there =
      json({"convert", "published.safetensors", "timm.safetensors", "--model", "mobilenet_v3_small", "--to", "timm"});
  EXPECT_EQ(there["names_out"], "timm");
  const SafetensorsFile timm(path("timm.safetensors"));
  EXPECT_TRUE(timm.contains("conv_stem.weight"));
  EXPECT_FALSE(timm.contains("features.0.0.weight"));
  EXPECT_EQ(json({"convert", "timm.safetensors", "back.safetensors", "--model", "mobilenet_v3_small"})["names_in"], "timm");
  const NamedTensors original = state_dict(*network_), returned = SafetensorsFile(path("back.safetensors")).tensors();
  ASSERT_EQ(original.size(), returned.size());
  for (const auto& [name, tensor] : original) EXPECT_TRUE(torch::allclose(tensor, returned.at(name), 1e-6, 1e-9)) << name;

  const auto probability = [](const Json& predictions) { return predictions[0]["topk"][0]["probability"].get<double>(); };
  const Json ours = json({"predict", "mobilenet_v3_small", "--weights", "published.safetensors", kPhoto});
  const Json theirs = json({"predict", "mobilenetv3_small_100", "--weights", "timm.safetensors", "--set",
                            "preprocess.interpolation=bilinear", kPhoto});
  EXPECT_EQ(ours[0]["topk"][0]["class"], theirs[0]["topk"][0]["class"]);
  EXPECT_NEAR(probability(ours), probability(theirs), 1e-5);
}

TEST_F(WeightsProgram, ConvertWithoutAModelChangesNamesAlone) {
  const std::string pth = FOVEA_TEST_DATA "/torch_files/state_dict.pth";
  const Json plain = json({"convert", pth, "plain.safetensors"});
  EXPECT_EQ(plain["model"], nullptr);
  const SafetensorsFile file(path("plain.safetensors"));
  ASSERT_FALSE(file.names().empty());
  const std::string first = file.names().front();
  const std::string part = first.substr(0, first.find('.'));
  json({"convert", pth, "renamed.safetensors", "--rename", part + "=other"});
  EXPECT_EQ(SafetensorsFile(path("renamed.safetensors")).names().size(), file.names().size());
  EXPECT_FALSE(SafetensorsFile(path("renamed.safetensors")).contains(first));
  EXPECT_THAT(refusal({"convert", pth, "x.safetensors", "--to", "timm"}),
              HasSubstr("conversion to: expected a model, got none"));
  EXPECT_THAT(refusal({"convert", pth, "x.safetensors", "--rename", "nothing=here"}), HasSubstr("'nothing'"));
  EXPECT_FALSE(exists("x.safetensors"));
}

TEST_F(WeightsProgram, ConvertReportsEverythingThatDoesNotFitAndWritesNothing) {
  NamedTensors tensors = copy_state(*network_);
  tensors["clasifier.0.weight"] = tensors["classifier.0.weight"];
  tensors.erase("classifier.0.weight");
  tensors["features.0.0.weight"] = torch::zeros({8, 3, 3, 3});
  tensors["features.0.1.bias"] = torch::zeros({16}, torch::kInt64);
  write_weights("broken.safetensors", tensors);
  const std::vector<std::string> arguments = {"convert", "broken.safetensors", "out.safetensors", "--model",
                                              "mobilenet_v3_small"};
  const Finished text = run(arguments);
  EXPECT_EQ(text.code, 2);
  EXPECT_THAT(text.out, AllOf(HasSubstr("missing (1)\n  classifier.0.weight"),
                              HasSubstr("unexpected (1)\n  clasifier.0.weight  near classifier.0.weight"),
                              HasSubstr("features.0.0.weight  expected [16, 3, 3, 3], got [8, 3, 3, 3]"),
                              HasSubstr("features.0.1.bias  expected Float, got Long")));
  EXPECT_THAT(text.error, HasSubstr("1 missing (classifier.0.weight)"));
  auto with_json = arguments;
  with_json.emplace_back("--json");
  const Json report = Json::parse(run(with_json).out);
  EXPECT_FALSE(report["fits"].get<bool>());
  EXPECT_EQ(report["unexpected"][0]["nearest"], "classifier.0.weight");
  EXPECT_FALSE(exists("out.safetensors"));
}

TEST_F(WeightsProgram, ConvertRefusesWhatItCannotWrite) {
  EXPECT_THAT(refusal({"convert", "published.safetensors", "out.pth"}), HasSubstr(".safetensors"));
  EXPECT_THAT(refusal({"convert", "published.safetensors", "published.safetensors"}), HasSubstr("does not exist yet"));
  EXPECT_THAT(refusal({"convert", "published.safetensors", "x.safetensors", "--model", "mobilenet_v3_small", "--to", "jax"}),
              HasSubstr("'jax'"));
  EXPECT_THAT(refusal({"convert", "published.safetensors", "x.safetensors", "--model", "resnet18"}), HasSubstr("missing"));
  EXPECT_THAT(refusal({"convert", "missing.pth", "x.safetensors"}), HasSubstr("missing.pth"));
}

/// A folder of images, three classes of a colour each, for training and test.
void write_colour_folder(const std::string& root) {
  for (const char* split : {"train", "test"}) {
    for (int label = 0; label < 3; ++label) {
      const std::string folder = root + "/" + split + "/" + std::string(1, static_cast<char>('a' + label));
      std::filesystem::create_directories(folder);
      for (int number = 0; number < 4; ++number) {
        Image image(20 + number, 24, 3);
        for (std::size_t i = 0; i < image.pixels.size(); ++i) {
          image.pixels[i] = static_cast<std::uint8_t>(static_cast<int>(i % 3) == label ? 200 + number : 10);
        }
        write_png(folder + "/" + std::to_string(number) + ".png", image);
      }
    }
  }
}

TEST_F(WeightsProgram, ACifarNetworkWithExternalKeysScoresAFolder) {
  write_colour_folder(path("colours"));
  write("folder.yaml",
        "data: {name: image_folder, root: colours, validation: none}\n"
        "preprocess: {resize: [32, 32]}\nmodel: {name: resnet20, shortcut: conv}\n");
  const auto network = drawn_network("{name: resnet20, shortcut: conv}", {3, 32, 32, 3});
  NamedTensors own = state_dict(*network), external;
  for (const auto& [name, tensor] : own) {
    std::string other = name.starts_with("fc.") ? "linear." + name.substr(3) : name;
    if (const auto place = other.find("downsample"); place != std::string::npos) other.replace(place, 10, "shortcut");
    external.emplace("module." + other, tensor);
  }
  write_weights("own.safetensors", own);
  write_weights("external.safetensors", external);
  const Json expected = json({"eval", "folder.yaml", "--weights", "own.safetensors"});
  EXPECT_EQ(expected["images"], 12);
  for (const std::vector<std::string>& renames :
       {std::vector<std::string>(), {"module.linear=fc", "shortcut=downsample"}, {"linear=fc", "shortcut=downsample"}}) {
    std::vector<std::string> arguments{"eval", "folder.yaml", "--weights", "external.safetensors"};
    for (const std::string& rename : renames) arguments.insert(arguments.end(), {"--rename", rename});
    const Json scores = json(arguments);
    EXPECT_EQ(scores["loss"], expected["loss"]);
    EXPECT_EQ(scores["confusion"], expected["confusion"]);
  }
  EXPECT_THAT(refusal({"eval", "folder.yaml", "--weights", "external.safetensors", "--rename", "linear=head"}),
              AllOf(HasSubstr("missing"), HasSubstr("fc.bias"), HasSubstr("head.weight")));
}

TEST_F(WeightsProgram, WhatAFileCannotTellIsSaidOnceAndListedByConvert) {
  write("small.yaml", "preprocess: {resize: [32, 32], mean: [0.5], std: [0.25]}\nmodel: {name: resnet8, width: 4}\n");
  write_weights("small.safetensors", state_dict(*drawn_network("{name: resnet8, width: 4}", {1, 32, 32, 3})));
  const Finished predicted = run({"predict", "small.yaml", "--weights", "small.safetensors", kPhoto});
  EXPECT_EQ(predicted.code, 0);
  EXPECT_EQ(
      predicted.error,
      "fovea: note: small.safetensors: the file cannot tell shortcut (pad, or pad_both), input (mean 0.5, std 0.25) and "
      "class order (class 0 to class 2); assumed for resnet8\n");
  EXPECT_EQ(run({"--quiet", "predict", "small.yaml", "--weights", "small.safetensors", kPhoto}).error, "");
  const Finished listed = run({"convert", "small.safetensors", "--model", "small.yaml"});
  EXPECT_THAT(listed.out,
              AllOf(HasSubstr("assumed  what no tensor tells:\n"),
                    HasSubstr("  shortcut           pad: zeros behind the channels  (model.shortcut; or pad_both)\n"),
                    HasSubstr("  activation         relu\n"), HasSubstr("  norm epsilon       1e-05\n")));
  const Finished own = run({"convert", "small.safetensors", "small_model.safetensors", "--model", "small.yaml"});
  EXPECT_EQ(own.code, 0);
  EXPECT_EQ(run({"predict", "small_model.safetensors", kPhoto}).error, "");
}

TEST_F(WeightsProgram, ImageNetWeightsScoreAFolderOfSomeOfItsClasses) {
  write_colour_folder(path("animals"));
  for (const char* split : {"train", "test"}) {
    const std::string root = path("animals") + "/" + split + "/";
    std::filesystem::rename(root + "a", root + "tench");
    std::filesystem::rename(root + "b", root + "goldfish");
    std::filesystem::rename(root + "c", root + "hen");
  }
  const Json scores = json({"eval", "mobilenet_v3_small", "--weights", "published.safetensors", "--set",
                            "data.name=image_folder", "--set", "data.root=animals", "--set", "data.validation=none"});
  EXPECT_EQ(scores["images"], 12);
  EXPECT_EQ(scores["per_class"].size(), 1000U);
  EXPECT_EQ(scores["per_class"][1]["name"], "goldfish");
  EXPECT_EQ(scores["per_class"][1]["images"], 4);
}

TEST_F(WeightsProgram, ImageNetWeightsScoreAValidationFolderWithWordNetNames) {
  write_colour_folder(path("imagenet"));
  std::filesystem::remove_all(path("imagenet/train"));
  std::filesystem::rename(path("imagenet/test"), path("imagenet/val"));
  const std::string root = path("imagenet/val/");
  std::filesystem::rename(root + "a", root + "n01440764");
  std::filesystem::rename(root + "b", root + "n01443537-goldfish");
  std::filesystem::rename(root + "c", root + "n01514859");
  for (const char* split : {"test", "validation", "all"}) {
    const Json scores = json({"eval", "mobilenet_v3_small", "--weights", "published.safetensors", "--split", split, "--set",
                              "data.name=image_folder", "--set", "data.root=imagenet"});
    EXPECT_EQ(scores["split"], split);
    EXPECT_EQ(scores["images"], 12);
    EXPECT_EQ(scores["per_class"][1]["name"], "goldfish");
    for (const int label : {0, 1, 8}) EXPECT_EQ(scores["per_class"][label]["images"], 4);
  }
}

TEST_F(WeightsProgram, CbamGoesToTimmsFormAndBack) {
  const std::string model = "{name: resnet8, width: 8, attention: {name: cbam, variant: official}}";
  write("cbam.yaml", "model: " + model + "\npreprocess: {resize: [32, 32], mean: [0.5], std: [0.5]}\n");
  const NamedTensors original = state_dict(*drawn_network(model, {1, 32, 32, 4}));
  write_weights("official.safetensors", original);
  const Json there =
      json({"convert", "official.safetensors", "as_timm.safetensors", "--model", "cbam.yaml", "--to", "timm"});
  EXPECT_EQ(there["names_out"], "timm");
  const std::string planes = "layer1.0.se.spatial.conv.conv.weight";
  const auto timm = SafetensorsFile(path("as_timm.safetensors")).tensor(planes);
  EXPECT_TRUE(torch::equal(timm, original.at(planes).flip(1)));
  const Json back = json({"convert", "as_timm.safetensors", "cbam_back.safetensors", "--model", "cbam.yaml"});
  EXPECT_EQ(back["names_in"], "timm") << "the file says so, as names alone could not";
  EXPECT_TRUE(torch::equal(SafetensorsFile(path("cbam_back.safetensors")).tensor(planes), original.at(planes)));

  write_weights("unmarked.safetensors", SafetensorsFile(path("as_timm.safetensors")).tensors());
  json({"convert", "unmarked.safetensors", "from.safetensors", "--model", "cbam.yaml", "--from", "timm"});
  EXPECT_TRUE(torch::equal(SafetensorsFile(path("from.safetensors")).tensor(planes), original.at(planes)));
  json({"convert", "official.safetensors", "authors.safetensors", "--model", "cbam.yaml", "--to", "official"});
  EXPECT_TRUE(
      torch::equal(SafetensorsFile(path("authors.safetensors")).tensor("layer1.0.cbam.SpatialGate.spatial.conv.weight"),
                   original.at(planes)));
}

TEST_F(WeightsProgram, ConvertWithoutAnOutputListsWhatIsThere) {
  const Finished listed = run({"convert", "published.safetensors"});
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.out, HasSubstr("classifier.3.weight"));
  EXPECT_THAT(listed.out, HasSubstr("[1000, 1024]"));
}

TEST_F(WeightsProgram, MistakesWithWeightsSayWhatHelps) {
  write("no_model.yaml", "preprocess: {resize: 128}\n");
  write("list.yaml", "[1, 2]\n");
  for (const char* config : {"no_model.yaml", "list.yaml"}) {
    EXPECT_THAT(refusal({"predict", config, "--weights", "published.safetensors", kPhoto}), HasSubstr("model.name"));
  }
  EXPECT_THAT(refusal({"predict", FOVEA_TEST_DATA "/torch_files/state_dict.pth", kPhoto}),
              HasSubstr("give this file as its weights"));
  NamedTensors prefixed;
  add_with_prefix(prefixed, state_dict(*network_), "backbone.");
  prefixed["criterion.weight"] = torch::ones({3});
  write_weights("prefixed.safetensors", prefixed);
  const std::vector<std::string> predict = {"predict", "mobilenet_v3_small", "--weights", "prefixed.safetensors", kPhoto};
  EXPECT_THAT(refusal(predict), HasSubstr("add the renames backbone= and criterion.*= (0 instead of "));
  auto renamed = predict;
  renamed.insert(renamed.end(), {"--rename", "backbone=", "--rename", "criterion.weight="});
  EXPECT_EQ(run(renamed).code, 0);
}

TEST_F(WeightsProgram, WeightsOfAnotherNetworkNameIt) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"predict", "mobilenet_v3_large", "--weights", "published.safetensors", kPhoto},
        {"convert", "published.safetensors", "other.safetensors", "--model", "mobilenet_v3_large"}}) {
    EXPECT_THAT(run(command).error, HasSubstr("the weights are rather those of mobilenet_v3_small (0 instead of "));
  }
}

TEST_F(WeightsProgram, NamesOfTensorsCannotWriteToTheTerminal) {
  write_weights("escapes.safetensors", {{"a\x1b[2J\nfovea: \u009b31m\u202e", torch::ones({1})}});
  const Finished listed = run({"convert", "escapes.safetensors"});
  EXPECT_EQ(listed.code, 0);
  EXPECT_THAT(listed.out, HasSubstr("  a\\x1b[2J\\nfovea: \\u009b31m\\u202e"));
  const std::string refused = refusal({"predict", "mobilenet_v3_small", "--weights", "escapes.safetensors", kPhoto});
  EXPECT_THAT(refused, HasSubstr("unexpected (a\\x1b[2J\\nfovea: \\u009b31m\\u202e)"));
}

TEST_F(WeightsProgram, AKeyOfACheckpointIsChosenOnTheCommandLine) {
  const std::string checkpoint = FOVEA_TEST_DATA "/torch_files/checkpoint.pth";
  const Json report = json({"convert", checkpoint, "--key", "state_dict"});
  EXPECT_EQ(report["tensors"], json({"convert", checkpoint})["tensors"]);
  EXPECT_THAT(refusal({"convert", checkpoint, "--key", "teacher"}),
              HasSubstr("expected a dict of tensors at the key 'teacher', got no such key"));
  EXPECT_THAT(refusal({"predict", "mobilenet_v3_small", "--weights", checkpoint, "--key", "teacher", kPhoto}),
              HasSubstr("at the key 'teacher'"));
}

TEST_F(WeightsProgram, AForgedDescriptionCannotAskForAllMemory) {
  const Json description = {{"model", {{"name", "vit"}, {"embed_dim", 16384}, {"depth", 256}, {"heads", 4}}},
                            {"input", {{"channels", 3}, {"height", 224}, {"width", 224}}},
                            {"classes", {"a", "b"}},
                            {"preprocess", {{"resize", {256}}, {"crop", {224}}, {"mean", {0, 0, 0}}, {"std", {1, 1, 1}}}}};
  write_safetensors(path("forged.safetensors"), {{"head.weight", torch::zeros({2, 16384})}},
                    {{"format", "pt"}, {"fovea.format", "1"}, {"fovea.model", description.dump()}});
  const Finished refused = run({"convert", "forged.safetensors", "from_forged.safetensors"});
  EXPECT_EQ(refused.code, 2) << refused.error;
  EXPECT_THAT(refused.error, HasSubstr("damaged or was tampered with"));
  if (MemoryLimit::is_possible()) {  // a sanitizer keeps freed memory
    EXPECT_LT(refused.peak_kibibytes, 1 << 20);
  }
}

TEST_F(WeightsProgram, HostileFilesAreRefusedInOneLine) {
  const auto load = [&](const std::string& file) {
    return refusal({"predict", "mobilenet_v3_small", "--weights", file, kPhoto});
  };
  const std::string calls_system =
      std::string("\x80\x02") + "cos\nsystem\nX\x0d" + std::string(3, '\0') + "touch hacked1\x85R.";
  write("system.pth", calls_system);
  load("system.pth");
  EXPECT_FALSE(exists("hacked1"));

  const std::string archive = file_text(FOVEA_TEST_DATA "/torch_files/state_dict.pth");
  write("truncated.pth", archive.substr(0, archive.size() / 2));
  EXPECT_THAT(load("truncated.pth"), HasSubstr("truncated.pth"));
  EXPECT_THAT(load(FOVEA_TEST_DATA "/torch_files/state_dict.pth"), HasSubstr("missing"));

  write("overflow.safetensors", std::string(7, '\xff') + "\x7f{}");
  EXPECT_THAT(load("overflow.safetensors"), HasSubstr("overflow.safetensors"));
  const std::string header =
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  write("twice.safetensors", std::string(1, static_cast<char>(header.size())) + std::string(7, '\0') + header + "1234");
  EXPECT_THAT(load("twice.safetensors"), HasSubstr("twice"));
  write("empty.pth", "");
  EXPECT_THAT(load("empty.pth"), HasSubstr("empty"));

  NamedTensors tensors = copy_state(*network_);
  tensors["classifier.3.weight"][5][7] = std::numeric_limits<float>::quiet_NaN();
  write_weights("nan.safetensors", tensors);
  EXPECT_THAT(load("nan.safetensors"), HasSubstr("nan.safetensors: classifier.3.weight: expected finite values"));
  const Finished converted = run({"convert", "nan.safetensors", "still_nan.safetensors"});
  EXPECT_EQ(converted.code, 0);
  EXPECT_THAT(converted.out, HasSubstr("with NaN or infinity (1)\n  classifier.3.weight"));
  tensors["classifier.3.weight"] = torch::zeros({1000, 1024}, torch::kInt32);
  write_weights("integers.safetensors", tensors);
  EXPECT_THAT(load("integers.safetensors"), HasSubstr("dtype mismatch (classifier.3.weight"));
  tensors["classifier.3.weight"] = torch::zeros({std::int64_t{1} << 40, 0});  // a head of so many classes, in no bytes
  write_weights("boundless.safetensors", tensors);
  EXPECT_THAT(load("boundless.safetensors"), HasSubstr("shape mismatch (classifier.3.weight"));
}

}  // namespace
}  // namespace fovea
