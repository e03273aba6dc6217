// Training of a network with hard choices, from the first random looks to the last update, also when it is interrupted.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/config/fields.h>
#include <fovea/train/glimpse_objective.h>
#include <fovea/train/trainer.h>
#include <fovea/weights/state_dict.h>

#include "temporary_directory.h"
#include "toy_glimpses.h"
#include "toy_task.h"

namespace fovea {
namespace {

using ::testing::_;
using ::testing::Contains;
using ::testing::Not;
using ::testing::Pair;

/// 3 updates in each of 5 epochs: 4 warm up, 7 explore, and the 4 from number 11 are the final phase.
const std::string kPolicy = "policy: {warmup_epochs: 1.3, frozen_fraction: 0.3, rollouts: 2}";
const std::string kPhases = "{epochs: 5, batch_size: 80, clip_norm: 1, ema_decay: 0.9, " + kPolicy + ", ";
constexpr std::int64_t kUpdates = 15, kWarmupUpdates = 4, kFrozenAfter = 11;

TrainOptions glimpse_options(const std::string& yaml) {
  TrainOptions options;
  options.set_choices(ChoiceKind::locations);
  read_fields(options, parse_yaml(yaml, "test"), "train");
  options.validate();
  return options;
}

std::shared_ptr<ToyGlimpses> initial_glimpses() {
  auto network = std::make_shared<ToyGlimpses>();
  initialise(*network, 1);
  return network;
}

struct UpdateCounter final : TrainingObserver {
  void progressed(const TrainingProgress&) override { ++updates; }
  std::int64_t updates = 0;
};

/// Lets `use` have a trainer of the toy network on the toy task in a folder. @param stop_after so many updates of this call;
/// 0: never.
void with_trainer(const std::shared_ptr<ToyGlimpses>& network, const std::string& folder, const std::string& options_yaml,
                  int threads, std::int64_t stop_after, const std::function<void(Trainer&)>& use) {
  TrainOptions options = glimpse_options(options_yaml);
  make_directories(folder);
  const Loader training = toy_loader(200, true, options.batch_size);
  const Loader validation = toy_loader(64, false);
  UpdateCounter counter;
  Trainer trainer({options,
                   9,
                   write_fields(options),
                   Json::object(),
                   network,
                   [] { return std::make_shared<ToyGlimpses>(); },
                   training,
                   &validation,
                   4,
                   {},
                   threads,
                   torch::kCPU,
                   RunDirectory(folder),
                   counter,
                   [&] { return stop_after > 0 && counter.updates == stop_after; }});
  use(trainer);
}

/// Trains in the folder; resumes if something is there.
void train_glimpses(const std::string& folder, const std::string& options_yaml, int threads, std::int64_t stop_after = 0) {
  with_trainer(initial_glimpses(), folder, options_yaml, threads, stop_after, [](Trainer& trainer) {
    trainer.resume();
    trainer.run();
  });
}

Checkpoint checkpoint_of(const std::string& folder, const std::string& options_yaml) {
  TrainOptions options = glimpse_options(options_yaml);
  return read_checkpoint(folder + "/checkpoint.ckpt", write_fields(options));
}

/// The lines of metrics.jsonl without what the clock says.
std::vector<std::string> timeless_metrics(const std::string& folder) {
  std::vector<std::string> lines;
  for (EpochRecord record : RunDirectory(folder).read_metrics()) {
    record.images_per_second = record.seconds = 0;
    lines.push_back(to_json(record).dump());
  }
  return lines;
}

TEST(GlimpseTrainingTest, DryRunMeasuresUpdatesInWhichThePolicyLearns) {
  const TemporaryDirectory folder;
  const auto network = initial_glimpses(), untrained = initial_glimpses();
  with_trainer(network, folder.path("run"), kPhases + "optimizer: sgd}", 1, 0, [](Trainer& trainer) { trainer.dry_run(0); });
  EXPECT_FALSE(torch::equal(network->locate->weight, untrained->locate->weight));
  EXPECT_FALSE(torch::equal(network->expect->weight, untrained->expect->weight));
}

TEST(GlimpseTrainingTest, DryRunFindsAnEpochInWhichThePolicyLearns) {
  for (const char* phases : {"{warmup_epochs: 3.5, frozen_fraction: 0.1}",   // the fifth of five epochs
                             "{warmup_epochs: 0, frozen_fraction: 0.7}"}) {  // the first two
    const TemporaryDirectory folder;
    const auto network = initial_glimpses(), untrained = initial_glimpses();
    const std::string options = std::string("{epochs: 5, batch_size: 80, optimizer: sgd, policy: ") + phases + "}";
    with_trainer(network, folder.path("run"), options, 1, 0, [](Trainer& trainer) { trainer.dry_run(0); });
    EXPECT_FALSE(torch::equal(network->locate->weight, untrained->locate->weight)) << phases;
  }
}

TEST(GlimpseTrainingTest, ResumingInAnyPhaseGivesTheSameBytes) {
  for (const char* optimizer : {"sgd", "adamw", "{name: rmsprop, learning_rate: 0.001, momentum: 0.9, centered: true}"}) {
    const std::string options = kPhases + "optimizer: " + optimizer + "}";
    const TemporaryDirectory folder;
    train_glimpses(folder.path("straight"), options, 1);
    const auto model = read_file(folder.path("straight/model.safetensors"), 1 << 26);
    const auto metrics = timeless_metrics(folder.path("straight"));
    for (const std::int64_t stop :
         {std::int64_t{1}, std::int64_t{3}, kWarmupUpdates, kWarmupUpdates + 1, kFrozenAfter, kUpdates}) {
      const std::string run = folder.path("stopped" + std::to_string(stop));
      train_glimpses(run, options, 2, stop);
      train_glimpses(run, options, 3);
      EXPECT_EQ(read_file(run + "/model.safetensors", 1 << 26), model) << "stopped after update " << stop;
      EXPECT_EQ(timeless_metrics(run), metrics) << "stopped after update " << stop;
    }
  }
}

bool equal_policy(const NamedTensors& left, const NamedTensors& right) {
  return torch::equal(left.at("locate.weight"), right.at("locate.weight")) &&
         torch::equal(left.at("locate.bias"), right.at("locate.bias"));
}

TEST(GlimpseTrainingTest, ThePolicyMovesBetweenWarmUpAndFinalPhaseOnly) {
  for (const char* optimizer : {"sgd", "adamw", "{name: rmsprop, momentum: 0.9}"}) {
    const std::string options = kPhases + "optimizer: " + optimizer + "}";
    const TemporaryDirectory folder;
    const auto model_after = [&](std::int64_t updates) {
      const std::string run = folder.path(std::to_string(updates));
      train_glimpses(run, options, 2, updates);
      return checkpoint_of(run, options).model;
    };
    const NamedTensors start = copy_state(*initial_glimpses());
    const NamedTensors warm = model_after(kWarmupUpdates), explored = model_after(kFrozenAfter), end = model_after(kUpdates);
    EXPECT_TRUE(equal_policy(start, warm));
    EXPECT_FALSE(equal_policy(warm, model_after(kWarmupUpdates + 1)));
    EXPECT_FALSE(equal_policy(model_after(kFrozenAfter - 1), explored));
    EXPECT_TRUE(equal_policy(explored, end));  // momentum and weight decay wait too
    EXPECT_FALSE(torch::equal(start.at("see.weight"), warm.at("see.weight")));
    EXPECT_FALSE(torch::equal(explored.at("see.weight"), end.at("see.weight")));
  }
}

TEST(GlimpseTrainingTest, OptimisersHaveNoStateOfAPolicyThatHasNotBegunToLearn) {
  const std::string options = kPhases + "optimizer: adamw}";
  const TemporaryDirectory folder;
  train_glimpses(folder.path("run"), options, 1, kWarmupUpdates);
  EXPECT_TRUE(checkpoint_of(folder.path("run"), options).optimizer.contains("see.weight.mean"));
  EXPECT_FALSE(checkpoint_of(folder.path("run"), options).optimizer.contains("locate.weight.mean"));
  train_glimpses(folder.path("run"), options, 1, 1);
  EXPECT_TRUE(checkpoint_of(folder.path("run"), options).optimizer.contains("locate.weight.mean"));
}

TEST(GlimpseTrainingTest, APolicyThatWaitsGetsNoGradientNotEvenZeros) {
  const auto network = initial_glimpses();
  Shards shards(
      network, [] { return std::make_shared<ToyGlimpses>(); }, 2, 2);
  const Batch batch = toy_loader(64, false, 64).batch(first_indices(64, 0), 0, 0);
  const TrainOptions options = glimpse_options(kPhases + "optimizer: adamw}");
  const GlimpseObjective objective(ClassLoss(0), options.step_loss, *options.policy);
  for (const std::int64_t update : {std::int64_t{0}, kWarmupUpdates, kFrozenAfter}) {
    shards.zero_gradient();
    shards.add_gradient(batch, 1, objective, {update, 3, 5, {}}, RandomStream(1, Purpose::test));
    const bool learns = update == kWarmupUpdates;
    for (const auto& item : network->named_parameters()) {
      const bool of_policy = item.key().starts_with("locate.") || item.key().starts_with("expect.");
      EXPECT_EQ(item.value().grad().defined(), learns || !of_policy) << item.key() << ", update " << update;
    }
  }
}

TEST(GlimpseTrainingTest, MetricsTellHowThePolicyFares) {
  const TemporaryDirectory folder;
  train_glimpses(folder.path("run"), kPhases + "optimizer: adamw}", 2);
  std::vector<Json> lines;
  for (const EpochRecord& record : RunDirectory(folder.path("run")).read_metrics()) lines.push_back(to_json(record));
  ASSERT_EQ(lines.size(), 5U);
  for (const char* key : {"class_loss", "policy_loss", "baseline_loss", "policy_reward", "policy_std", "policy_entropy"}) {
    for (const Json& line : lines) ASSERT_TRUE(line.contains(key)) << key;
  }
  for (const char* key : {"policy_loss", "baseline_loss", "policy_std", "policy_entropy"}) {
    EXPECT_TRUE(lines[0].at(key).is_null()) << key;  // all of the first epoch warms up
    EXPECT_TRUE(lines[1].at(key).is_number()) << key;
  }
  EXPECT_TRUE(lines[0].at("policy_reward").is_number());
  EXPECT_TRUE(lines[4].at("policy_loss").is_null());  // the policy is frozen in all of the last one
  EXPECT_EQ(lines[4].at("policy_std"), 0.03);
  EXPECT_EQ(lines[0].at("train_loss"), lines[0].at("class_loss"));
  // The third epoch explores from update 6 to 8: batches of 80, 80 and 40 images. It falls from 0.2 at epoch 1.3 to 0.08
  // at 5.
  const auto deviation = [](double epoch) { return 0.2 - 0.12 * (epoch - 1.3) / 3.7; };
  const double mean = (80 * deviation(2) + 80 * deviation(2 + 1.0 / 3) + 40 * deviation(2 + 2.0 / 3)) / 200;
  EXPECT_NEAR(lines[2].at("policy_std").get<double>(), mean, 1e-12);
  const double sum = lines[2].at("class_loss").get<double>() + lines[2].at("policy_loss").get<double>() +
                     lines[2].at("baseline_loss").get<double>();
  EXPECT_NEAR(lines[2].at("train_loss").get<double>(), sum, 1e-6);  // terms are rounded to float
}

TEST(GlimpseTrainingTest, TensorBoardGetsWhatWasTold) {
  EpochRecord record;
  record.parts = {{"policy_loss", std::nullopt}, {"policy_reward", 0.25}};
  EXPECT_THAT(to_scalars(record), Contains(Pair("train/policy_reward", 0.25)));
  EXPECT_THAT(to_scalars(record), Not(Contains(Pair("train/policy_loss", _))));
}

TEST(GlimpseTrainingTest, TheOptionsAreThereForHardChoicesAlone) {
  TrainOptions soft;
  EXPECT_FALSE(write_fields(soft).contains("policy"));
  EXPECT_FALSE(write_fields(soft).contains("step_loss"));
  EXPECT_THROW(read_fields(soft, parse_yaml("{policy: reinforce}", "test"), "train"), InputError);
  TrainOptions hard = glimpse_options("{epochs: 4, policy: {reward: correct}, step_loss: last}");
  const Json written = write_fields(hard);
  EXPECT_EQ(written.at("policy").at("name"), "reinforce");
  EXPECT_EQ(written.at("policy").at("reward"), "correct");
  EXPECT_EQ(written.at("step_loss"), "last");
  EXPECT_THROW(glimpse_options("{epochs: 3}"), InputError);  // 3 of warm-up, and a tenth with a frozen policy
  EXPECT_THROW(glimpse_options("{policy: {baseline: leave_one_out}}"), InputError);
}

}  // namespace
}  // namespace fovea
