// Networks of the library in training: what a thread computes depends on its shard alone.

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/freeze.h>
#include <fovea/nn/initialise.h>
#include <fovea/policy/reinforce.h>
#include <fovea/train/glimpse_objective.h>
#include <fovea/train/objective.h>
#include <fovea/train/shards.h>
#include <fovea/weights/state_dict.h>

#include "built_network.h"

namespace fovea {
namespace {

constexpr std::int64_t kBatch = 96;
constexpr InputSpec kInput{2, 11, 17, 3};

std::shared_ptr<Classifier> small_ram(const std::string& more) {
  auto network = built("{name: ram, glimpses: 4, patch: 4, scales: 2, width: 12, encoder_features: 8" + more + "}", kInput);
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
  return {epoch, 1, 20, {}};  // the first three warm up, the last two have a frozen policy
}

/// Gradients of one update by three shards; undefined where none arrives.
NamedTensors gradients(const Shards::Build& build, const Objective& objective, int threads, std::int64_t epoch) {
  const auto network = build();
  initialise(*network, 1);
  Shards shards(network, build, 3, threads);
  shards.add_gradient(byte_images(), 1, objective, at_epoch(epoch), RandomStream(1, Purpose::forward));
  NamedTensors result;
  for (const auto& item : network->named_parameters()) result[item.key()] = item.value().grad();
  return result;
}

NamedTensors ram_gradients(const std::string& options, int threads, std::int64_t epoch,
                           const std::vector<std::string>& frozen = {}) {
  const auto build = [&] {
    auto network = small_ram(options);
    freeze(*network, frozen, "train.freeze");
    return network;
  };
  Reinforce policy;
  policy.rollouts_per_image = 2;
  return gradients(build, GlimpseObjective(ClassLoss(0), StepLoss::linear, policy), threads, epoch);
}

void expect_equal_bits(const NamedTensors& left, const NamedTensors& right) {
  ASSERT_EQ(left.size(), right.size());
  for (const auto& [name, gradient] : left) {
    ASSERT_TRUE(gradient.defined()) << name;
    EXPECT_TRUE(torch::equal(gradient, right.at(name))) << name;
  }
}

TEST(NetworkShards, ThreadsDoNotChangeABitOfANetworkWithAttention) {
  for (const std::string attention : {"cbam", "eca"}) {
    const auto of_threads = [&](int threads) {
      const auto build = [&] {
        auto network =
            built("{name: resnet8, width: 4, dropout: 0.5, stochastic_depth: 0.5, attention: " + attention + "}", kInput);
        network->train();
        return network;
      };
      return gradients(build, ClassificationObjective(ClassLoss(0)), threads, 0);
    };
    const NamedTensors one = of_threads(1);
    for (const int threads : {2, 3}) expect_equal_bits(of_threads(threads), one);
  }
}

class RamShards : public testing::TestWithParam<std::string> {};

TEST_P(RamShards, ThreadsDoNotChangeABit) {
  const NamedTensors one = ram_gradients(GetParam(), 1, 10);
  for (const int threads : {2, 3}) expect_equal_bits(ram_gradients(GetParam(), threads, 10), one);
}

TEST_P(RamShards, ThePolicyIsFrozenInWarmUpAndFinalPhase) {
  for (const std::int64_t epoch : {0, 10, 19}) {
    for (const auto& [name, gradient] : ram_gradients(GetParam(), 2, epoch)) {
      const bool matches = name.starts_with("policy.") || name.starts_with("baseline.");
      EXPECT_EQ(gradient.defined(), !matches || epoch == 10) << name << ", epoch " << epoch;
    }
  }
}

TEST_P(RamShards, WithAllElseFrozenThePolicyAloneLearns) {
  for (const std::int64_t epoch : {0, 10, 19}) {
    for (const auto& [name, gradient] : ram_gradients(GetParam(), 2, epoch, {"encoder", "core", "classifier"})) {
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
