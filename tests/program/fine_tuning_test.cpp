// `fovea train` from weights of another run.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/weights/safetensors.h>

#include "program_fixture.h"
#include "torch_file_builders.h"

namespace fovea {
namespace {

using testing::HasSubstr;

/// A trained network, and a configuration whose learning rate is too low to change its weights.
class FineTuning : public FreshProgramTest {
 protected:
  FineTuning() {
    write_tiny_experiment();
    const Finished source = run({"train", "tiny.yaml", "--out", "source", "--quiet"});
    EXPECT_EQ(source.code, 0) << source.error;
  }

  static std::vector<std::string> command(const std::string& out, const std::vector<std::string>& settings) {
    std::vector<std::string> arguments{
        "train", "tiny.yaml",     "--out", out, "--quiet", "--seed", "3", "--set", "train.optimizer.learning_rate=1e-30",
        "--set", "train.epochs=1"};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    return arguments;
  }
  static Finished fine_tune(const std::string& out, const std::vector<std::string>& settings, bool resume = false) {
    std::vector<std::string> arguments = command(out, settings);
    if (resume) arguments.push_back("--resume");
    return run(arguments);
  }
  static NamedTensors weights(const std::string& run) { return SafetensorsFile(path(run + "/model.safetensors")).tensors(); }
};

TEST_F(FineTuning, StartsFromARunDirectoryWithANewHead) {
  const Finished finished = fine_tune("tuned", {"train.init.weights=source", "train.freeze=['*bn*']"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  const NamedTensors tuned = weights("tuned");
  for (const auto& [name, tensor] : weights("source")) {
    EXPECT_EQ(torch::equal(tensor, tuned.at(name)), !name.starts_with("fc.")) << name;
  }
}

TEST_F(FineTuning, KeepsTheHeadAndFrozenStatisticsOnRequest) {
  const Finished finished = fine_tune(
      "tuned", {"train.init.weights=source/model.safetensors", "train.init.head=keep", "train.freeze=['*bn*', layer1]"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  const NamedTensors tuned = weights("tuned");
  for (const auto& [name, tensor] : weights("source")) EXPECT_TRUE(torch::equal(tensor, tuned.at(name))) << name;
}

TEST_F(FineTuning, RenamesKeysOfExternalCheckpoints) {
  NamedTensors external;
  for (const auto& [name, tensor] : weights("source")) {
    external[name.starts_with("fc.") ? "module.linear" + name.substr(2) : "module.body." + name] = tensor;
  }
  write_safetensors(path("external.safetensors"), external, {});
  const std::vector<std::string> settings{"train.init.weights=external.safetensors", "train.init.head=keep",
                                          "train.freeze=['*bn*', layer1]", "train.init.rename=[linear=fc, body=]"};
  const Finished finished = fine_tune("tuned", settings);
  ASSERT_EQ(finished.code, 0) << finished.error;
  const NamedTensors tuned = weights("tuned");
  for (const auto& [name, tensor] : weights("source")) EXPECT_TRUE(torch::equal(tensor, tuned.at(name))) << name;
}

TEST_F(FineTuning, AKeyChoosesTheTensorsOfACheckpoint) {
  using namespace pickled;
  write("both.pth", torch_zip(dict({{"student", dict({{"small.weight", floats("0", 1)}})},
                                    {"teacher", dict({{"large.weight", floats("0", 1)}})}}),
                              {{"0", std::string(4, '\0')}}));
  for (const auto& [key, name] : {std::pair("student", "small.weight"), {"teacher", "large.weight"}}) {
    const std::string error =
        refusal(command("keyed", {"train.init.weights=both.pth", std::string("train.init.key=") + key}));
    EXPECT_THAT(error, HasSubstr(std::string("1 unexpected (") + name + ")"));
    EXPECT_EQ(json({"convert", "both.pth", "--key", key})["tensors"], 1);
  }
}

TEST_F(FineTuning, UnfrozenStatisticsFollowTheData) {
  ASSERT_EQ(fine_tune("tuned", {"train.init.weights=source", "train.freeze=[layer1]"}).code, 0);
  const NamedTensors before = weights("source");
  const NamedTensors tuned = weights("tuned");
  EXPECT_TRUE(torch::equal(before.at("layer1.0.bn1.running_mean"), tuned.at("layer1.0.bn1.running_mean")));
  EXPECT_FALSE(torch::equal(before.at("layer2.0.bn1.running_mean"), tuned.at("layer2.0.bn1.running_mean")));
}

TEST_F(FineTuning, ResumesOnlyFromTheSameWeights) {
  ASSERT_EQ(fine_tune("tuned", {"train.init.weights=source"}).code, 0);
  std::filesystem::rename(path("source"), path("elsewhere"));
  EXPECT_EQ(fine_tune("tuned", {"train.init.weights=source"}, /*resume=*/true).code, 0);  // the checkpoint has it all
  const Finished scratch = fine_tune("tuned", {}, /*resume=*/true);
  EXPECT_EQ(scratch.code, 2);
  EXPECT_THAT(scratch.error, HasSubstr("train.init.weights"));
}

TEST_F(FineTuning, AKeptHeadNeedsTheSameClasses) {
  for (const char* split : {"train", "test"}) {
    for (const char* name : {"left", "right"}) {
      for (int image = 0; image < 40; ++image) {
        write(std::string("photos/") + split + "/" + name + "/" + std::to_string(image) + ".pgm",
              "P5 8 8 255\n" + std::string(64, static_cast<char>(40 * image + 7)));
      }
    }
  }
  const std::vector<std::string> other = {"data={name: image_folder, root: photos, channels: 1, validation: 0.25}",
                                          "preprocess={resize: [8, 8], mean: [0.5], std: [0.5]}",
                                          "train.init.weights=source"};
  std::vector<std::string> keep = other;
  keep.emplace_back("train.init.head=keep");
  const Finished kept = fine_tune("kept", keep);
  EXPECT_EQ(kept.code, 2);
  EXPECT_THAT(kept.error, HasSubstr("the classes are not those of source"));
  const Finished replaced = fine_tune("replaced", other);
  EXPECT_EQ(replaced.code, 0) << replaced.error;
}

TEST_F(FineTuning, RefusesWhatDoesNotFitInOneLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"train.init.weights=nowhere"},
       "train.init.weights: expected a run directory, safetensors or PyTorch file, got 'nowhere', which"},
      {{"train.init.weights=data"}, "a run directory with model.safetensors"},
      {{"train.init.weights=source", "model.width=8"}, "shape"},
      {{"train.init.weights=source", "model.attention=none"}, "unexpected"},
      {{"train.init.weights=source", "train.freeze=[layer9]"}, "layer"},
      {{"train.init.weights=source", "train.freeze='*'"}, "at least one layer to train"},
      {{"train.layer_rates=[{layers: fv, multiplier: 2}]"}, "fc"},
      {{"train.layer_rates=[{layers: fc, multiplier: 0}]"}, "multiplier"},
      {{"train.class_weights=[1, 2]"}, "10 numbers"},
      {{"train.schedule={name: plateau, patience: 0}", "train.epochs=3", "data.validation=none"}, "a validation split"},
      {{"train.early_stopping_epochs=2", "train.epochs=3", "data.validation=none"}, "a validation split"},
      {{"train.schedule=plateau"}, "so few epochs that the learning rate can fall"},
      {{"train.early_stopping_epochs=2"}, "fewer than train.epochs"},
      {{"train.init.head=keep"}, "weights, because head is set"},
      {{"train.init.rename=linear=fc"}, "weights, because rename is set"},
      {{"train.init.reinitialised=fc"}, "weights, because reinitialised is set"},
      {{"train.init.key=teacher"}, "weights, because key is set"},
      {{"train.init.weights=source", "train.init.rename=linear"}, "train.init.rename: expected FROM=TO"},
      {{"train.init.weights=source", "train.init.rename=layer9=layer1"}, "parts of a name in "},
      {{"train.layer_rates=[{layers: conv1, multiplier: 2}]", "train.freeze=[conv1]"}, "layers that are trained"},
      {{"train.layer_rates=[{layers: conv1, multiplier: 2}, {layers: '*', multiplier: 3}]"}, "no later entry matches"},
      {{"train.class_weights=balanced", "data.sampler=balanced"}, "correct twice"},
      {{"train.schedule={name: one_cycle, warmup_epochs: 1}"}, "warmup_epochs"},
  };
  for (const auto& [settings, expected] : cases) {
    EXPECT_THAT(refusal(command("refused", settings)), HasSubstr(expected)) << settings.front();
  }
}

}  // namespace
}  // namespace fovea
