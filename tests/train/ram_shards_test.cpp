// The glimpse network itself in training: what a thread computes depends on its shard alone.

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/freeze.h>
#include <fovea/nn/initialise.h>
#include <fovea/policy/reinforce.h>
#include <fovea/train/glimpse_objective.h>
#include <fovea/train/shards.h>
#include <fovea/weights/state_dict.h>

#include "built_network.h"

namespace fovea {
namespace {

constexpr std::int64_t kBatch = 96;

std::shared_ptr<Classifier> small_ram(const std::string& more) {
  auto network =
      built("{name: ram, glimpses: 4, patch: 4, scales: 2, width: 12, encoder_features: 8" + more + "}", {2, 11, 17, 3});
  network->train();
  return network;
}

Batch byte_images() {
  torch::manual_seed(3);
  Batch batch;
  batch.images = torch::randint(0, 256, {kBatch, 2, 11, 17}, torch::kUInt8);
  batch.labels = torch::arange(kBatch) % 3;
  batch.normalization = std::make_shared<const Normalization>(Normalization{{0.5, 0.4}, {0.3, 0.2}});
  return batch;
}

TrainingPosition at_epoch(std::int64_t epoch) {
  return {epoch, 1, 20, {}};  // the first three warm up, the last two settle
}

/// Gradients of one update; undefined where none arrives.
NamedTensors gradients(const std::string& options, int threads, std::int64_t epoch,
                       const std::vector<std::string>& frozen = {}) {
  const auto build = [&] {
    auto network = small_ram(options);
    freeze(*network, frozen, "train.freeze");
    return network;
  };
  const auto network = build();
  initialise(*network, 1);
  Shards shards(network, build, 3, threads);
  Reinforce policy;
  policy.rollouts_per_image = 2;
  shards.add_gradient(byte_images(), 1, GlimpseObjective(ClassLoss(0), StepLoss::linear, policy), at_epoch(epoch),
                      RandomStream(1, Purpose::forward));
  NamedTensors result;
  for (const auto& item : network->named_parameters()) result[item.key()] = item.value().grad();
  return result;
}

class RamShards : public testing::TestWithParam<std::string> {};

TEST_P(RamShards, ThreadsDoNotChangeABit) {
  const NamedTensors one = gradients(GetParam(), 1, 10);
  for (const int threads : {2, 3}) {
    for (const auto& [name, gradient] : gradients(GetParam(), threads, 10)) {
      ASSERT_TRUE(gradient.defined()) << name;
      EXPECT_TRUE(torch::equal(gradient, one.at(name))) << name;
    }
  }
}

TEST_P(RamShards, ThePolicyWaitsInTheWarmUpAndWhereItSettles) {
  for (const std::int64_t epoch : {0, 10, 19}) {
    for (const auto& [name, gradient] : gradients(GetParam(), 2, epoch)) {
      const bool matches = name.starts_with("policy.") || name.starts_with("baseline.");
      EXPECT_EQ(gradient.defined(), !matches || epoch == 10) << name << ", epoch " << epoch;
    }
  }
}

TEST_P(RamShards, WithAllElseFrozenThePolicyAloneLearns) {
  for (const std::int64_t epoch : {0, 10, 19}) {
    for (const auto& [name, gradient] : gradients(GetParam(), 2, epoch, {"encoder", "core", "classifier"})) {
      const bool matches = name.starts_with("policy.") || name.starts_with("baseline.");
      EXPECT_EQ(gradient.defined(), matches && epoch == 10) << name << ", epoch " << epoch;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(RamImpl, RamShards,
                         testing::Values("", ", core: lstm", ", core: gru", ", encoder: convolutional",
                                         ", first: random, policy_features: 0"));

}  // namespace
}  // namespace fovea
