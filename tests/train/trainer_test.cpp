#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/config/fields.h>
#include <fovea/eval/evaluator.h>
#include <fovea/train/trainer.h>
#include <fovea/weights/model_file.h>
#include <fovea/weights/state_dict.h>

#include "file_text.h"
#include "temporary_directory.h"
#include "toy_task.h"

namespace fovea {
namespace {

constexpr std::int64_t kTrainImages = 200;  // batches of 80, 80 and 40: the last is one shard
constexpr std::int64_t kEpochs = 3;

/// Trains the toy task in a folder. @param stop_after updates of this process; 0 = never.
TrainingResult train_toy(const std::string& folder, const std::string& options_yaml, int threads, std::int64_t stop_after,
                         bool resume, bool with_validation = true) {
  TrainOptions options;
  read_fields(options, parse_yaml(options_yaml, "test"), "train");
  make_directories(folder);
  const Loader training = toy_loader(kTrainImages, true, options.batch_size);
  const Loader validation = toy_loader(64, false);
  const auto network = toy_network();
  initialise(*network, 1);
  TrainingObserver observer;
  std::int64_t updates = 0;
  const Json description = describe_model(Json::parse(R"({"name": "resnet8"})"), kToyInput, {"a", "b", "c", "d"}, {});
  Trainer trainer({options,
                   9,
                   write_fields(options),
                   description,
                   network,
                   toy_network,
                   training,
                   with_validation ? &validation : nullptr,
                   4,
                   {},
                   threads,
                   torch::kCPU,
                   RunDirectory(folder),
                   observer,
                   [&] { return ++updates == stop_after; }});
  EXPECT_EQ(resume, resume && trainer.resume());
  return trainer.run();
}

const std::string kSgd =
    "{epochs: 3, batch_size: 80, optimizer: {name: sgd, learning_rate: 0.1}, clip_norm: 1, "
    "label_smoothing: 0.1}";
/// Everything that has a state of its own, or draws.
const std::string kEverything =
    "{epochs: 3, batch_size: 40, accumulate: 2, optimizer: {name: rmsprop, learning_rate: 0.01, momentum: 0.9, centered: "
    "true}, "
    "schedule: {name: plateau, patience: 1, monitor: loss}, ema_decay: 0.9, clip_norm: 1, early_stopping_epochs: 2, "
    "freeze: [conv1, '*.bn1'], layer_rates: [{layers: layer3, multiplier: 0.5}], class_weights: [1, 2, 1, 1]}";
const std::string kAdamw = "{epochs: 3, batch_size: 80, optimizer: adamw, schedule: {name: step, step_size: 1}}";

TEST(TrainerTest, LearnsTheToyTask) {
  const TemporaryDirectory folder;
  const TrainingResult result =
      train_toy(folder.path("run"), "{epochs: 12, batch_size: 80, optimizer: {name: sgd, learning_rate: 0.1}}", 2, 0, false);
  EXPECT_EQ(result.epochs, 12);
  ASSERT_TRUE(result.best);
  EXPECT_GT(result.best->val_top1, 0.9);  // chance is 0.25
}

TEST(TrainerTest, ResumingAtAnyUpdateGivesTheSameBytes) {
  for (const std::string& options : {kSgd, kAdamw, kEverything}) {
    const TemporaryDirectory folder;
    train_toy(folder.path("straight"), options, 1, 0, false);
    const std::string model = file_text(folder.path("straight/model.safetensors"));
    for (std::int64_t stop = 1; stop <= 3 * kEpochs - 1; ++stop) {
      const std::string run = folder.path("stopped" + std::to_string(stop));
      EXPECT_TRUE(train_toy(run, options, 2, stop, false).interrupted);
      EXPECT_FALSE(train_toy(run, options, 3, 0, true).interrupted);
      EXPECT_EQ(file_text(run + "/model.safetensors"), model) << "stopped after update " << stop;
    }
  }
}

EpochRecord metrics_of(const std::string& folder, std::size_t number) {
  return RunDirectory(folder).read_metrics().at(number);
}

TEST(TrainerTest, AccumulatedBatchesMakeTheUpdateOfOneLargeBatch) {
  // Batch norm on running statistics, as frozen layers have, so that an image's gradient does not depend on its batch.
  const std::string common =
      "epochs: 2, shards: 1, optimizer: {name: sgd, learning_rate: 0.05}, clip_norm: 1, freeze: ['*bn*']";
  const TemporaryDirectory folder;
  train_toy(folder.path("large"), "{batch_size: 80, " + common + "}", 1, 0, false, /*with_validation=*/false);
  train_toy(folder.path("small"), "{batch_size: 20, accumulate: 4, " + common + "}", 1, 0, false, false);
  const NamedTensors large = SafetensorsFile(folder.path("large/model.safetensors")).tensors();
  const NamedTensors small = SafetensorsFile(folder.path("small/model.safetensors")).tensors();
  for (const auto& [name, tensor] : large) EXPECT_TRUE(torch::allclose(tensor, small.at(name), 1e-3, 1e-5)) << name;
  EXPECT_NEAR(metrics_of(folder.path("large"), 1).train_loss, metrics_of(folder.path("small"), 1).train_loss, 1e-4);
}

TEST(TrainerTest, TheScheduleCountsUpdatesNotBatches) {
  const TemporaryDirectory folder;
  // 200 images in batches of 40, two to an update: 3 updates an epoch. The last of 6 on a cosine that begins at 1.
  train_toy(folder.path("run"), "{epochs: 2, batch_size: 40, accumulate: 2, optimizer: {learning_rate: 0.1}}", 1, 0, false);
  EXPECT_NEAR(metrics_of(folder.path("run"), 1).learning_rate, 0.05 * (1 + std::cos(M_PI * 5 / 6)), 1e-12);
}

TEST(TrainerTest, TheGradientIsClippedToItsNorm) {
  // One update of plain SGD at learning rate 1: the weights move by the gradient, whose norm is the limit.
  const std::string options =
      "{epochs: 1, batch_size: 200, optimizer: {name: sgd, learning_rate: 1, momentum: 0, nesterov: false, weight_decay: "
      "0}, "
      "schedule: constant, clip_norm: 0.01}";
  const TemporaryDirectory folder;
  train_toy(folder.path("run"), options, 1, 0, false, /*with_validation=*/false);
  const NamedTensors trained = SafetensorsFile(folder.path("run/model.safetensors")).tensors();
  const auto network = toy_network();
  initialise(*network, 1);
  double square = 0;
  for (const auto& item : network->named_parameters()) {
    square += (trained.at(item.key()) - item.value()).to(torch::kFloat64).square().sum().item<double>();
  }
  EXPECT_NEAR(std::sqrt(square), 0.01, 1e-5);
}

TEST(TrainerTest, TheAverageOfTheWeightsIsScoredAndSaved) {
  const std::string plain = "{epochs: 2, batch_size: 40, optimizer: {name: sgd, learning_rate: 0.1}";
  const TemporaryDirectory folder;
  train_toy(folder.path("plain"), plain + "}", 1, 0, false);
  train_toy(folder.path("averaged"), plain + ", ema_decay: 0.99}", 1, 0, false);
  const auto checkpoint_of = [&](const std::string& run, const std::string& yaml) {
    TrainOptions options;
    read_fields(options, parse_yaml(yaml, "test"), "train");
    return read_checkpoint(folder.path(run + "/checkpoint.ckpt"), write_fields(options));
  };
  const Checkpoint without = checkpoint_of("plain", plain + "}");
  const Checkpoint averaged = checkpoint_of("averaged", plain + ", ema_decay: 0.99}");
  EXPECT_TRUE(without.average.empty());
  for (const auto& [name, tensor] : without.model) EXPECT_TRUE(torch::equal(tensor, averaged.model.at(name))) << name;
  EXPECT_FALSE(torch::equal(averaged.model.at("fc.weight"), averaged.average.at("fc.weight")));

  // The scores of the last epoch are those of the average: they follow from it.
  const auto network = toy_network();
  load_state_dict(*network, averaged.average, "test");
  const Loader validation = toy_loader(64, false);
  const auto metrics = evaluate(*network, validation, 4, {1, torch::kCPU, {}});
  EXPECT_EQ(metrics_of(folder.path("averaged"), 1).val_loss, metrics.loss());

  // Without a validation split the last weights are saved: those of the average.
  train_toy(folder.path("last"), plain + ", ema_decay: 0.99}", 1, 0, false, /*with_validation=*/false);
  const NamedTensors saved = SafetensorsFile(folder.path("last/model.safetensors")).tensors();
  for (const auto& [name, tensor] : averaged.average) EXPECT_TRUE(torch::equal(tensor, saved.at(name))) << name;
}

TEST(TrainerTest, StopsWhenValidationHasNotImprovedForSoLong) {
  const TemporaryDirectory folder;
  // Nothing is learned, so the first epoch stays the best.
  const std::string options =
      "{epochs: 9, batch_size: 80, optimizer: {name: sgd, learning_rate: 1e-30}, early_stopping_epochs: 2, freeze: "
      "['*bn*']}";
  const TrainingResult result = train_toy(folder.path("run"), options, 1, 0, false);
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(result.epochs, 3);
  EXPECT_EQ(result.best->epoch, 1);
  EXPECT_EQ(train_toy(folder.path("run"), options, 1, 0, true).epochs, 3);  // resuming a run that is done changes nothing
}

TEST(TrainerTest, FrozenLayersStayAndTheOthersLearn) {
  const TemporaryDirectory folder;
  train_toy(folder.path("run"), "{epochs: 1, batch_size: 40, optimizer: {learning_rate: 0.1}, freeze: [layer1, bn1]}", 2, 0,
            false);
  const NamedTensors trained = SafetensorsFile(folder.path("run/model.safetensors")).tensors();
  const auto network = toy_network();
  initialise(*network, 1);
  for (const auto& [name, tensor] : state_dict(*network)) {
    const bool frozen = name.starts_with("layer1.") || name.starts_with("bn1.");
    EXPECT_EQ(torch::equal(tensor, trained.at(name)), frozen) << name;
  }
}

TEST(TrainerTest, FreezingEverythingIsRefused) {
  const TemporaryDirectory folder;
  try {
    train_toy(folder.path("run"), "{freeze: ['*']}", 1, 0, false);
    FAIL() << "expected InputError";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("train.freeze: expected at least one layer to train"));
  }
}

TEST(TrainerTest, WhatGoesByValidationNeedsASplit) {
  const TemporaryDirectory folder;
  for (const char* options : {"{early_stopping_epochs: 3}", "{schedule: plateau}"}) {
    try {
      train_toy(folder.path("run"), options, 1, 0, false, /*with_validation=*/false);
      ADD_FAILURE() << "expected InputError for " << options;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("a validation split"));
    }
  }
}

TEST(TrainerTest, PlateauLowersTheRateOnceValidationStandsStill) {
  const TemporaryDirectory folder;
  const std::string options =
      "{epochs: 5, batch_size: 80, optimizer: {name: sgd, learning_rate: 1e-30}, "
      "schedule: {name: plateau, patience: 1, gamma: 0.1}, freeze: ['*bn*']}";
  train_toy(folder.path("run"), options, 1, 0, false);
  std::vector<double> rates;
  for (const EpochRecord& record : RunDirectory(folder.path("run")).read_metrics())
    rates.push_back(record.learning_rate * 1e30);
  // Epoch 1 is the best; epochs 2 and 3 are the first and the second bad one, which is one more than the patience.
  EXPECT_THAT(rates,
              testing::ElementsAre(testing::DoubleNear(1, 1e-9), testing::DoubleNear(1, 1e-9), testing::DoubleNear(1, 1e-9),
                                   testing::DoubleNear(0.1, 1e-9), testing::DoubleNear(0.1, 1e-9)));
}

TrainOptions options_from(const std::string& yaml) {
  TrainOptions options;
  read_fields(options, parse_yaml(yaml, "test"), "train");
  return options;
}

/// A trainer of the toy task that nobody stops, and what it refers to.
struct ToyTrainer {
  ToyTrainer(const std::string& folder, const std::string& options_yaml,
             const std::function<std::shared_ptr<Classifier>()>& build = toy_network, bool validates = false)
      : options(options_from(options_yaml)),
        training(toy_loader(kTrainImages, true, options.batch_size)),
        validation(toy_loader(64, false)),
        network(build()),
        trainer({options,
                 9,
                 write_fields(options),
                 describe_model(Json::parse(R"({"name": "resnet8"})"), kToyInput, {"a", "b", "c", "d"}, {}),
                 network,
                 build,
                 training,
                 validates ? &validation : nullptr,
                 4,
                 {},
                 1,
                 torch::kCPU,
                 RunDirectory(folder),
                 observer,
                 /*stop_requested=*/{}}) {
    initialise(*network, 1);
  }

  TrainOptions options;
  Loader training, validation;
  std::shared_ptr<Classifier> network;
  TrainingObserver observer;
  Trainer trainer;
};

TEST(TrainerTest, DryRunMeasuresAndWritesNothing) {
  const TemporaryDirectory folder;
  ToyTrainer toy(folder.path("run"), "{batch_size: 40, accumulate: 2, ema_decay: 0.9, checkpoint_seconds: 1e-9}");
  const DryRun measured = toy.trainer.dry_run(60);
  EXPECT_EQ(measured.updates, 3);  // an epoch has no more
  EXPECT_GT(measured.images_per_second, 0);
  EXPECT_FALSE(std::filesystem::exists(folder.path("run")));
}

TEST(TrainerTest, MetricsHaveOneLinePerEpochAlsoAfterAKill) {
  const TemporaryDirectory folder;
  const std::string run = folder.path("run");
  train_toy(run, kSgd, 2, 4, false);  // one epoch and one update
  RunDirectory(run).append_metrics({{"epoch", 2}, {"lost", true}});
  std::ofstream(RunDirectory(run).metrics(), std::ios::app) << "{\"epoch\": 3, half a li";
  train_toy(run, kSgd, 2, 0, true);
  std::istringstream lines(file_text(RunDirectory(run).metrics()));
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
  const Json last = Json::parse(
      file_text(folder.path("run/metrics.jsonl")).substr(0, file_text(folder.path("run/metrics.jsonl")).find('\n')));
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

TEST(TrainerTest, ImpossibleCountersAreQuoted) {
  const TemporaryDirectory folder;
  Checkpoint checkpoint;
  checkpoint.config = Json::object();
  checkpoint.batch = -7;
  checkpoint.best = SelectedEpoch{3, 0.5, 1};
  write_checkpoint(folder.path("bad.ckpt"), checkpoint);
  EXPECT_THAT([&] { read_checkpoint(folder.path("bad.ckpt"), Json::object()); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("got epoch 0, batch -7, 0 correct of 0 images")));
}

TEST(TrainerTest, NotANumberStopsWithEpochAndAdvice) {
  const TemporaryDirectory folder;
  try {
    train_toy(folder.path("run"), "{epochs: 2, batch_size: 80, optimizer: {name: sgd, learning_rate: 1e12}}", 2, 0, false);
    FAIL() << "expected NumericError";
  } catch (const NumericError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("epoch 1, batch"), testing::HasSubstr("learning_rate")));
  }
}

/// A running statistic that overflows in training.
struct OverflowingStatistic final : Classifier {
  OverflowingStatistic() : Classifier("OverflowingStatistic") {
    fc = register_module("fc", torch::nn::Linear(1, 4));
    running = register_buffer("running", torch::zeros({1}));
  }
  ModelOutput classify(const Batch& batch, ForwardContext&) override {
    if (is_training()) running.fill_(std::numeric_limits<float>::infinity());
    return {fc(batch.input().mean({2, 3}))};
  }
  torch::nn::Linear fc{nullptr};
  torch::Tensor running;
};

TEST(TrainerTest, TensorsThatOverflowAreNotSaved) {
  const TemporaryDirectory folder;
  ToyTrainer toy(folder.path(), "{epochs: 1, batch_size: 200}", std::make_shared<OverflowingStatistic>);
  toy.trainer.begin();
  const std::string saved = file_text(folder.path("checkpoint.ckpt"));
  EXPECT_THAT([&] { toy.trainer.run(); },
              testing::ThrowsMessage<NumericError>(
                  "epoch 1, after batch 1: expected finite weights, got NaN or infinity in 'running'; lower "
                  "train.optimizer.learning_rate or set train.clip_norm"));
  EXPECT_EQ(file_text(folder.path("checkpoint.ckpt")), saved);
  EXPECT_FALSE(std::filesystem::exists(folder.path("model.safetensors")));
}

/// Scores of the mean grey, which in evaluation are not numbers.
struct OverflowsInEvaluation final : Classifier {
  OverflowsInEvaluation() : Classifier("OverflowsInEvaluation") { fc = register_module("fc", torch::nn::Linear(1, 4)); }
  ModelOutput classify(const Batch& batch, ForwardContext&) override {
    const torch::Tensor logits = fc(batch.input().mean({2, 3}));
    return {is_training() ? logits : logits * std::numeric_limits<double>::quiet_NaN()};
  }
  torch::nn::Linear fc{nullptr};
};

TEST(TrainerTest, ScoresOfValidationThatAreNoNumbersSayTheEpochAndWhatToDo) {
  const TemporaryDirectory folder;
  ToyTrainer toy(folder.path(), "{epochs: 2, batch_size: 80}", std::make_shared<OverflowsInEvaluation>, true);
  toy.trainer.begin();
  EXPECT_THAT(
      [&] { toy.trainer.run(); },
      testing::ThrowsMessage<NumericError>(
          "epoch 1, validation: class scores: expected finite numbers, got NaN or infinity; the network's tensors are "
          "finite, so its activations overflow; lower train.optimizer.learning_rate or set train.clip_norm"));
}

/// Batch norm of one position.
struct NormOfOnePosition final : Classifier {
  NormOfOnePosition() : Classifier("NormOfOnePosition") {
    norm = register_module("norm", torch::nn::BatchNorm2d(1));
    fc = register_module("fc", torch::nn::Linear(1, 4));
  }
  ModelOutput classify(const Batch& batch, ForwardContext&) override {
    return {fc(norm(batch.input().mean({2, 3}, /*keepdim=*/true)).flatten(1))};
  }
  torch::nn::BatchNorm2d norm{nullptr};
  torch::nn::Linear fc{nullptr};
};

TEST(TrainerTest, BatchesOfOneImageSayWhatToChange) {
  const TemporaryDirectory folder;
  ToyTrainer toy(folder.path(), "{epochs: 1, batch_size: 1}", std::make_shared<NormOfOnePosition>);
  toy.trainer.begin();
  EXPECT_THAT([&] { toy.trainer.run(); },
              testing::ThrowsMessage<InputError>(
                  "epoch 1, batch 1: expected two values or more per channel for a norm in training, got one: 1 image with "
                  "one position; set train.batch_size to 2 or more, or preprocess the images to a larger size"));
}

TEST(TrainerTest, ResumeWithoutCheckpointSaysSo) {
  const TemporaryDirectory folder;
  ToyTrainer toy(folder.path(), "{}");
  EXPECT_FALSE(toy.trainer.resume());
}

}  // namespace
}  // namespace fovea
