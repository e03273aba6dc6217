#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/nn/state_dict.h>
#include <fovea/train/trainer.h>

#include "temporary_directory.h"
#include "toy_task.h"

namespace fovea {
namespace {

constexpr std::int64_t kTrainImages = 200;  // batches of 80, 80 and 40: the last is one shard
constexpr std::int64_t kEpochs = 3;

std::string text_of(const std::string& path) {
  const auto bytes = read_file(path, 1 << 26);
  return {bytes.begin(), bytes.end()};
}

/// Trains the toy task in a folder. @param stop_after updates of this process; 0 = never.
TrainingResult train_toy(const std::string& folder, const std::string& options_yaml, int threads, std::int64_t stop_after,
                         bool resume, bool with_validation = true) {
  TrainOptions options;
  read_fields(options, parse_yaml(options_yaml, "test"), "train");
  make_directories(folder);
  const Loader training = toy_loader(kTrainImages, true);
  const Loader validation = toy_loader(64, false);
  const auto network = toy_network();
  initialise(*network, 1);
  TrainingObserver observer;
  std::int64_t updates = 0;
  const Json description = describe_model(Json::parse(R"({"name": "resnet8"})"), kToyInput, {"a", "b", "c", "d"}, {});
  Trainer trainer({options, 9, write_fields(options), description, network, toy_network, training,
                   with_validation ? &validation : nullptr, 4, threads, torch::kCPU, RunDirectory(folder), observer,
                   [&] { return ++updates == stop_after; }});
  EXPECT_EQ(resume, resume && trainer.resume());
  return trainer.run();
}

const std::string kSgd =
    "{epochs: 3, batch_size: 80, optimizer: {name: sgd, learning_rate: 0.1}, clip_norm: 1, "
    "label_smoothing: 0.1}";
const std::string kAdamw = "{epochs: 3, batch_size: 80, optimizer: adamw, schedule: {name: step, every_epochs: 1}}";

TEST(TrainerTest, LearnsTheToyTask) {
  const TemporaryDirectory folder;
  const TrainingResult result =
      train_toy(folder.path("run"), "{epochs: 12, batch_size: 80, optimizer: {name: sgd, learning_rate: 0.1}}", 2, 0, false);
  EXPECT_EQ(result.epochs, 12);
  ASSERT_TRUE(result.best);
  EXPECT_GT(result.best->val_top1, 0.9);  // chance is 0.25
}

TEST(TrainerTest, ResumingAtAnyUpdateGivesTheSameBytes) {
  for (const std::string& options : {kSgd, kAdamw}) {
    const TemporaryDirectory folder;
    train_toy(folder.path("straight"), options, 1, 0, false);
    const std::string model = text_of(folder.path("straight/model.safetensors"));
    for (std::int64_t stop = 1; stop <= 3 * kEpochs - 1; ++stop) {
      const std::string run = folder.path("stopped" + std::to_string(stop));
      EXPECT_TRUE(train_toy(run, options, 2, stop, false).interrupted);
      EXPECT_FALSE(train_toy(run, options, 3, 0, true).interrupted);
      EXPECT_EQ(text_of(run + "/model.safetensors"), model) << "stopped after update " << stop;
    }
  }
}

TEST(TrainerTest, MetricsHaveOneLinePerEpochAlsoAfterAKill) {
  const TemporaryDirectory folder;
  const std::string run = folder.path("run");
  train_toy(run, kSgd, 2, 4, false);  // one epoch and one update
  RunDirectory(run).append_metrics({{"epoch", 2}, {"lost", true}});
  std::ofstream(RunDirectory(run).metrics(), std::ios::app) << "{\"epoch\": 3, half a li";
  train_toy(run, kSgd, 2, 0, true);
  std::istringstream lines(text_of(RunDirectory(run).metrics()));
  std::int64_t epoch = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json record = Json::parse(line);
    EXPECT_EQ(record.at("epoch"), ++epoch);
    for (const char* key :
         {"train_loss", "train_top1", "val_loss", "val_top1", "learning_rate", "images_per_second", "seconds"}) {
      EXPECT_TRUE(record.at(key).is_number()) << key;
    }
  }
  EXPECT_EQ(epoch, kEpochs);
}

TEST(TrainerTest, WithoutValidationTheLastWeightsAreSelected) {
  const TemporaryDirectory folder;
  const TrainingResult result = train_toy(folder.path("run"), kSgd, 2, 0, false, /*with_validation=*/false);
  EXPECT_FALSE(result.best);
  TrainOptions options;
  read_fields(options, parse_yaml(kSgd, "test"), "train");
  const Checkpoint checkpoint = read_checkpoint(folder.path("run/checkpoint.ckpt"), write_fields(options));
  for (const auto& [name, tensor] : checkpoint.model)
    EXPECT_TRUE(torch::equal(tensor, checkpoint.selected.at(name))) << name;
  const Json last =
      Json::parse(text_of(folder.path("run/metrics.jsonl")).substr(0, text_of(folder.path("run/metrics.jsonl")).find('\n')));
  EXPECT_TRUE(last.at("val_top1").is_null());
}

TEST(TrainerTest, AnotherConfigurationIsRefusedByItsFirstDifference) {
  const TemporaryDirectory folder;
  train_toy(folder.path("run"), kSgd, 2, 1, false);
  TrainOptions options;
  read_fields(options, parse_yaml(kSgd, "test"), "train");
  options.batch_size = 64;
  try {
    read_checkpoint(folder.path("run/checkpoint.ckpt"), write_fields(options));
    FAIL() << "expected InputError";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("batch_size: 80 there, 64 here"));
  }
}

TEST(TrainerTest, NotANumberStopsWithEpochAndAdvice) {
  const TemporaryDirectory folder;
  try {
    train_toy(folder.path("run"), "{epochs: 2, batch_size: 80, optimizer: {name: sgd, learning_rate: 1e30}}", 2, 0, false);
    FAIL() << "expected NumericError";
  } catch (const NumericError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("epoch 1, update"), testing::HasSubstr("learning_rate")));
  }
}

TEST(TrainerTest, ResumeWithoutCheckpointSaysSo) {
  const TemporaryDirectory folder;
  TrainOptions options;
  const Loader training = toy_loader(kTrainImages, true);
  const auto network = toy_network();
  TrainingObserver observer;
  Trainer trainer({options,
                   9,
                   write_fields(options),
                   {},
                   network,
                   toy_network,
                   training,
                   nullptr,
                   4,
                   1,
                   torch::kCPU,
                   RunDirectory(folder.path()),
                   observer,
                   [] { return false; }});
  EXPECT_FALSE(trainer.resume());
}

}  // namespace
}  // namespace fovea
