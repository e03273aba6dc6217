// `--set` that gives a section another name, or removes a key.

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "environment_value.h"
#include "program_fixture.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Settings : public FreshProgramTest {
 protected:
  static std::vector<std::string> with(const std::string& config, const std::vector<std::string>& settings) {
    std::vector<std::string> arguments{"train", config, "--print-config"};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    return arguments;
  }
  /// The resolved configuration.
  static Json resolved(const std::string& config, const std::vector<std::string>& settings) {
    return json(with(config, settings));
  }
  static std::string notes(const std::string& config, const std::vector<std::string>& settings) {
    const Finished finished = run(with(config, settings));
    EXPECT_EQ(finished.code, 0) << finished.error;
    return finished.error;
  }
};

const std::string kHard = FOVEA_SOURCE_DIR "/configs/translated_digits.yaml";

TEST_F(Settings, HardAttentionBecomesSoftByOneSetting) {
  EXPECT_EQ(notes(kHard, {"model.name=resnet20"}),
            "fovea: note: setting model.name=resnet20 removes what belonged to 'ram': model.glimpses, model.patch, "
            "model.scales and train.policy\n");
  const Json soft = resolved(kHard, {"model.name=resnet20", "model.attention=se"});
  const Json hard = resolved(kHard, {});
  EXPECT_EQ(soft["data"], hard["data"]);
  EXPECT_EQ(soft["model"]["attention"]["name"], "se");
  for (const auto& [key, value] : soft["train"].items()) EXPECT_EQ(value, hard["train"][key]) << key;
  EXPECT_EQ(resolved(kHard, {"model.name=resnet20", "train.policy=none"}), resolved(kHard, {"model.name=resnet20"}));
}

TEST_F(Settings, SoftAndHardTrainFromOneConfiguration) {
  write_tiny_mnist(path("data"));
  const std::vector<std::string> tiny{
      "--set", "data.source={name: mnist, root: data}", "--set", "data.canvas=24", "--set", "train.batch_size=32"};
  for (const std::string network : {"ram", "resnet8"}) {
    std::vector<std::string> arguments{"train", kHard, "--dry-run", "--quiet", "--set", "model.name=" + network};
    arguments.insert(arguments.end(), tiny.begin(), tiny.end());
    EXPECT_GT(json(arguments)["parameters"], 0) << network;
  }
}

TEST_F(Settings, TheOrderOfSettingsDoesNotMatter) {
  write_tiny_experiment();
  const std::vector<std::string> settings{"model.depth=14", "data.root=there", "model.name=cifar_resnet",
                                          "data.name=cifar10"};
  const Json first = resolved("tiny.yaml", settings);
  EXPECT_EQ(first["model"]["depth"], 14);
  EXPECT_EQ(first["model"]["width"], 4) << "both networks have it";
  EXPECT_EQ(first["data"]["root"], "there");
  EXPECT_EQ(resolved("tiny.yaml", {settings.rbegin(), settings.rend()}), first);
}

TEST_F(Settings, AnotherDataSetIsNotReadFromTheFolderOfTheFirst) {
  write_tiny_experiment();
  const Json fashion = resolved("tiny.yaml", {"data.name=fashion_mnist"});
  EXPECT_NE(fashion["data"]["root"], path("data"));
  EXPECT_EQ(fashion["data"]["validation"], 0.2) << "every data set has it";
  EXPECT_THAT(notes("tiny.yaml", {"data.name=fashion_mnist"}), HasSubstr("removes what belonged to 'mnist': data.root\n"));
  EXPECT_EQ(notes("tiny.yaml", {"data.name=mnist"}), "") << "the same name";
  EXPECT_EQ(notes("tiny.yaml", {"data={name: fashion_mnist, root: here}"}), "") << "a whole section";
  EXPECT_EQ(resolved("tiny.yaml", {"data={name: fashion_mnist, root: here}"})["data"]["root"], "here");
}

TEST_F(Settings, OptimizersAndBlocksAreRenamedLikewise) {
  write_tiny_experiment();
  const Json changed = resolved("tiny.yaml", {"train.optimizer={name: sgd, momentum: 0.5, learning_rate: 0.3}",
                                              "train.optimizer.name=adamw", "model.attention.name=eca"});
  EXPECT_EQ(changed["train"]["optimizer"]["learning_rate"], 0.3);
  EXPECT_FALSE(changed["train"]["optimizer"].contains("momentum"));
  EXPECT_EQ(changed["model"]["attention"]["name"], "eca");
}

TEST_F(Settings, UnknownKeysOfTheFileStayErrors) {
  write_tiny_experiment();
  write("typo.yaml", "data: mnist\nmodel: {name: resnet8, widht: 4}\n");
  EXPECT_THAT(refusal(with("typo.yaml", {"model.name=resnet14"})),
              HasSubstr("model.widht: unknown key; did you mean 'width'?"));
  EXPECT_THAT(refusal(with("tiny.yaml", {"train.polcy=none"})), HasSubstr("train.polcy: unknown key"));
  EXPECT_THAT(refusal(with(kHard, {"train.policy.rollouts=2", "model.name=resnet20"})),
              HasSubstr("train.policy: expected a network with hard choices"));
}

TEST_F(Settings, NoneAndNothingRemoveAKey) {
  write_tiny_experiment("seed: 7\npreprocess: {crop: 4}\n");
  const Json plain = resolved("tiny.yaml", {"seed=none", "train.optimizer=none", "train.epochs=", "preprocess=none",
                                            "data.augment.flip=none", "model.width="});
  EXPECT_EQ(plain["seed"], 42);
  EXPECT_EQ(plain["train"]["epochs"], 10);
  EXPECT_EQ(plain["preprocess"]["crop"], Json::array({0}));
  EXPECT_EQ(plain["model"]["width"], 16);
  EXPECT_EQ(plain["train"]["optimizer"], resolved("tiny.yaml", {"train.optimizer=sgd"})["train"]["optimizer"]);
}

TEST_F(Settings, NoneStaysAValueWhereItIsOne) {
  write_tiny_experiment();
  const Json changed = resolved("tiny.yaml", {"data.validation=none", "model.attention=none", "train.class_weights=none",
                                              "train.ema_decay=none", "train.init.weights=none"});
  EXPECT_EQ(changed["data"]["validation"], "none");
  EXPECT_EQ(changed["model"]["attention"], "none");
  EXPECT_EQ(resolved("tiny.yaml", {"data.validation="})["data"]["validation"], 0.1);
}

TEST_F(Settings, ARunThatIsResumedWithAnotherNetworkIsRefused) {
  write_tiny_experiment();
  ASSERT_EQ(run({"train", "tiny.yaml", "--quiet", "--set", "train.epochs=1"}).code, 0);
  const Finished other =
      run({"train", "tiny.yaml", "--quiet", "--resume", "--set", "train.epochs=1", "--set", "model.name=resnet14"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.error, HasSubstr("model.name"));
  EXPECT_EQ(run({"train", "tiny.yaml", "--quiet", "--resume", "--set", "train.epochs=1"}).code, 0);
}

TEST_F(Settings, ATildeIsTheHomeFolderInOptionsAndKeys) {
  const EnvironmentValue home("HOME", path());
  write_tiny_mnist(path("data"));
  write("home.yaml",
        "data: {name: mnist, root: ~/data}\nmodel: {name: resnet8, width: 4}\ntrain: {epochs: 1, batch_size: 64}\n");
  ASSERT_EQ(run({"train", "~/home.yaml", "--quiet", "--out=~/runs/home"}).code, 0);
  EXPECT_TRUE(exists("runs/home/model.safetensors"));
  EXPECT_THAT(text("runs/home/config.yaml"), HasSubstr(path("data")));
  std::filesystem::create_directories(path("elsewhere"));
  const Finished warm = run_fovea(path("elsewhere"), {"train", "~/home.yaml", "--quiet", "--out", "warm", "--set",
                                                      "train.init={weights: ~/runs/home, head: keep}"});
  EXPECT_EQ(warm.code, 0) << warm.error;
  EXPECT_EQ(json({"predict", "~/runs/home", FOVEA_TEST_DATA "/fashion_mnist/bag.png"}).size(), 1U);
  EXPECT_FALSE(exists("~"));
}

TEST_F(Settings, TheFolderOfAnotherUserIsAnError) {
  write_tiny_experiment();
  EXPECT_THAT(refusal({"train", "tiny.yaml", "--out", "~nobody-here/run"}),
              HasSubstr("--out: ~nobody-here/run: expected ~ or ~/... for your home folder"));
  EXPECT_THAT(refusal(with("tiny.yaml", {"data.root=~nobody-here/data"})),
              HasSubstr("data.root: ~nobody-here/data: expected ~ or ~/... for your home folder"));
  std::filesystem::rename(path("data"), path("~"));
  EXPECT_EQ(run({"train", "tiny.yaml", "--dry-run", "--quiet", "--set", "data.root=./~"}).code, 0);
}

}  // namespace
}  // namespace fovea
