// `fovea train` from weights of another run.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/safetensors.h>

#include "program.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::HasSubstr;

/// A trained network, and a configuration that moves its weights by nothing that can be seen.
class FineTuning : public testing::Test {
 protected:
  FineTuning() {
    write_tiny_mnist(folder_.path("data"));
    folder_.write("tiny.yaml", tiny_config(folder_.path("data")));
    const Finished source = run_fovea(folder_.path(), {"train", "tiny.yaml", "--out", "source", "--quiet"});
    EXPECT_EQ(source.code, 0) << source.error;
  }

  Finished fine_tune(const std::string& out, const std::vector<std::string>& settings, bool resume = false) const {
    std::vector<std::string> arguments{
        "train", "tiny.yaml",     "--out", out, "--quiet", "--seed", "3", "--set", "train.optimizer.learning_rate=1e-30",
        "--set", "train.epochs=1"};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    if (resume) arguments.push_back("--resume");
    return run_fovea(folder_.path(), arguments);
  }
  NamedTensors weights(const std::string& run) const {
    return SafetensorsFile(folder_.path(run + "/model.safetensors")).tensors();
  }

  TemporaryDirectory folder_;
};

TEST_F(FineTuning, StartsFromARunDirectoryWithANewHead) {
  const Finished finished = fine_tune("tuned", {"train.init.weights=source", "train.freeze=['*bn*']"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  const NamedTensors tuned = weights("tuned");
  for (const auto& [name, tensor] : weights("source")) {
    EXPECT_EQ(torch::equal(tensor, tuned.at(name)), !name.starts_with("fc.")) << name;
  }
}

TEST_F(FineTuning, KeepsTheHeadAndFrozenStatisticsWhenAsked) {
  const Finished finished = fine_tune(
      "tuned", {"train.init.weights=source/model.safetensors", "train.init.head=keep", "train.freeze=['*bn*', layer1]"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  const NamedTensors tuned = weights("tuned");
  for (const auto& [name, tensor] : weights("source")) EXPECT_TRUE(torch::equal(tensor, tuned.at(name))) << name;
}

TEST_F(FineTuning, UnfrozenStatisticsFollowTheData) {
  ASSERT_EQ(fine_tune("tuned", {"train.init.weights=source", "train.freeze=[layer1]"}).code, 0);
  const NamedTensors before = weights("source");
  const NamedTensors tuned = weights("tuned");
  EXPECT_TRUE(torch::equal(before.at("layer1.0.bn1.running_mean"), tuned.at("layer1.0.bn1.running_mean")));
  EXPECT_FALSE(torch::equal(before.at("layer2.0.bn1.running_mean"), tuned.at("layer2.0.bn1.running_mean")));
}

TEST_F(FineTuning, GoesOnOnlyFromTheSameWeights) {
  ASSERT_EQ(fine_tune("tuned", {"train.init.weights=source"}).code, 0);
  EXPECT_EQ(fine_tune("tuned", {"train.init.weights=source/model.safetensors"}, /*resume=*/true).code, 0);  // elsewhere
  const Finished scratch = fine_tune("tuned", {}, /*resume=*/true);
  EXPECT_EQ(scratch.code, 2);
  EXPECT_THAT(scratch.error, HasSubstr("train.init.weights"));
}

TEST_F(FineTuning, RefusesWhatDoesNotFitInOneLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"train.init.weights=nowhere"}, "nowhere"},
      {{"train.init.weights=data"}, "a run directory with model.safetensors"},
      {{"train.init.weights=source", "model.width=8"}, "shape"},
      {{"train.init.weights=source", "model.attention=none"}, "unexpected"},
      {{"train.init.weights=source", "train.freeze=[layer9]"}, "layer"},
      {{"train.init.weights=source", "train.freeze='*'"}, "at least one layer left to train"},
      {{"train.layer_rates=[{layers: fv, factor: 2}]"}, "fc"},
      {{"train.layer_rates=[{layers: fc, factor: 0}]"}, "factor"},
      {{"train.class_weights=[1, 2]"}, "10 numbers"},
      {{"train.schedule=plateau", "data.validation=none"}, "a validation split"},
      {{"train.early_stopping_epochs=2", "data.validation=none"}, "a validation split"},
      {{"train.schedule={name: one_cycle, warmup_epochs: 1}"}, "warmup_epochs"},
  };
  for (const auto& [settings, expected] : cases) {
    const Finished finished = fine_tune("refused", settings);
    EXPECT_EQ(finished.code, 2) << settings.front() << ": " << finished.error;
    EXPECT_THAT(finished.error, testing::AllOf(testing::StartsWith("fovea: error: "), HasSubstr(expected)));
    EXPECT_EQ(std::count(finished.error.begin(), finished.error.end(), '\n'), 1) << finished.error;
  }
}

}  // namespace
}  // namespace fovea
