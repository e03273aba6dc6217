// Experiments that a program changes in C++, and their networks.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/fovea.h>

#include "program_fixture.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class ChangedExperiment : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    ProgramTest::SetUpTestSuite();
    write_tiny_experiment();
  }

  /// Expects that nothing runs with the configuration that `change` leaves. @param part of the message.
  template <typename Change>
  static void expect_refused(const Change& change, const std::string& part) {
    const Experiment changed = read_experiment(path("tiny.yaml"));
    change(changed.config());
    const auto refused = ThrowsMessage<InputError>(HasSubstr(part));
    EXPECT_THAT([&] { train(changed, {.out = path("refused"), .threads = 1}); }, refused);
    EXPECT_THAT([&] { dry_run(changed, {.threads = 1}); }, refused);
    EXPECT_THAT([&] { preview(changed); }, refused);
    EXPECT_FALSE(exists("refused"));
  }
};

TEST_F(ChangedExperiment, IsCheckedBeforeItRuns) {
  using Config = ExperimentConfig;
  expect_refused([](Config& config) { config.train.batch_size = 0; }, "train.batch_size: expected an integer from 1");
  expect_refused([](Config& config) { config.train.shards = 0; },
                 "train.shards: expected an integer from 1 to 256, got '0'");
  expect_refused([](Config& config) { config.train.accumulate = -1; }, "train.accumulate");
  expect_refused([](Config& config) { config.data.workers = 0; }, "data.workers");
  expect_refused([](Config& config) { config.data.validation = 2; }, "data.validation");
  expect_refused([](Config& config) { config.preprocess.crop = {-3}; }, "preprocess.crop");
  expect_refused([](Config& config) { config.train.optimizer->learning_rate = -1; }, "train.optimizer.learning_rate");
  expect_refused([](Config& config) { config.train.clip_norm = std::numeric_limits<double>::quiet_NaN(); }, "clip_norm");
  expect_refused([](Config& config) { config.model.attention.entries.front().stages = {0}; }, "model.attention");
}

TEST_F(ChangedExperiment, MayNotExcludeItself) {
  expect_refused([](ExperimentConfig& config) { config.train.early_stopping_epochs = 99; }, "fewer than train.epochs");
  expect_refused([](ExperimentConfig& config) { config.train.set_choices(ChoiceKind::locations); },
                 "a network with hard choices");
}

TEST_F(ChangedExperiment, NeedsADataSetAndANetwork) {
  const Experiment empty(std::make_shared<ExperimentConfig>(), "empty");
  EXPECT_THAT([&] { train(empty, {.out = path("empty")}); }, ThrowsMessage<InputError>(HasSubstr("data.name")));
  EXPECT_THAT([&] { preview(empty); }, ThrowsMessage<InputError>(HasSubstr("data.name")));
}

TEST_F(ChangedExperiment, LearnsTheHardChoicesThatItsAttentionIsGiven) {
  expect_refused(
      [](ExperimentConfig& config) {
        config.model.attention.read(parse_yaml("{name: bahdanau, selects: hard}", "test"), "model.attention");
        config.train.epochs = 2;
      },
      "train.policy.warmup_epochs");  // of the policy that it has by default
}

TEST_F(ChangedExperiment, TrainsAsIfItWereWrittenSo) {
  const Experiment changed = read_experiment(path("tiny.yaml"));
  changed.config().train.epochs = 1;
  EXPECT_EQ(train(changed, {.out = path("changed"), .threads = 1}).epochs, 1);
  train(read_experiment(path("tiny.yaml"), {"train.epochs=1"}), {.out = path("written"), .threads = 1});
  EXPECT_EQ(model_bytes("changed"), model_bytes("written"));
}

TEST_F(ChangedExperiment, ScoresLargeImagesInSmallBatches) {
  const auto batches = [](const char* resize) {  // each thread holds one
    return read_experiment(path("tiny.yaml"), {std::string("preprocess.resize=") + resize}).data().test().loader.batches();
  };
  EXPECT_EQ(batches("0"), 1);      // all 240 images
  EXPECT_EQ(batches("100"), 1);    // 250 in a batch, as for every smaller size
  EXPECT_EQ(batches("500"), 24);   // 10 in a batch
  EXPECT_EQ(batches("4000"), 30);  // never fewer than 8
}

TEST_F(ChangedExperiment, WithACropAloneSeesWholePhotos) {
  const Experiment cropped = read_experiment(path("tiny.yaml"), {"train.epochs=1", "preprocess.crop=6"});
  train(cropped, {.out = path("cropped"), .threads = 1});
  const Model model = load_model(path("cropped"));
  const PreprocessOptions& photos = model.description().preprocess;
  EXPECT_EQ(photos.resize, std::vector<std::int64_t>{8});  // the size of the data set's images
  EXPECT_EQ(photos.crop, std::vector<std::int64_t>{6});
  const Geometry geometry = Preprocess(photos).geometry(800, 800);
  EXPECT_EQ(geometry.source_x(0), 100);  // three quarters of the photo, as of a training image
  EXPECT_EQ(geometry.source_x(6), 700);
}

TEST_F(ChangedExperiment, WithOneSideOfAResizeSeesWholePhotos) {
  const Experiment stretched = read_experiment(path("tiny.yaml"), {"train.epochs=1", "preprocess.resize=[0, 12]"});
  train(stretched, {.out = path("stretched"), .threads = 1});
  const PreprocessOptions photos = load_model(path("stretched")).description().preprocess;
  EXPECT_EQ(Preprocess(photos).output_size(800, 300), std::pair(8, 12));
}

/// @param tolerance of a value.
void expect_equal_parameters(const Classifier& left, const Classifier& right, double tolerance = 0) {
  const auto others = right.named_parameters();
  ASSERT_EQ(left.named_parameters().size(), others.size());
  for (const auto& item : left.named_parameters()) {
    EXPECT_LE((item.value() - others[item.key()]).abs().max().item<double>(), tolerance) << item.key();
  }
}

TEST_F(ChangedExperiment, GivesTheNetworkThatTrainingStartsFrom) {
  const std::vector<std::string> still = {"train.epochs=1", "train.optimizer.learning_rate=1e-30"};
  const Experiment experiment = read_experiment(path("tiny.yaml"), still);
  train(experiment, {.out = path("still"), .threads = 1});
  constexpr double kStep = 1e-20;  // more than all steps of that learning rate
  expect_equal_parameters(*experiment.network(), load_model(path("still")).network(), kStep);

  std::vector<std::string> from_run = still;
  from_run.insert(from_run.end(), {"train.init={weights: " + path("still") + ", head: keep}", "seed=7"});
  expect_equal_parameters(*read_experiment(path("tiny.yaml"), from_run).network(), *experiment.network(), kStep);
}

TEST_F(ChangedExperiment, GivesTheNetworkOfCreateModel) {
  const auto created = create_model(
      "resnet8",
      {.num_classes = 10, .attention = {"cbam"}, .options = {{"width", 4}}, .in_channels = 1, .height = 8, .width = 8});
  expect_equal_parameters(*read_experiment(path("tiny.yaml")).network(), *created);
}

}  // namespace
}  // namespace fovea
