#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/freeze.h>
#include <fovea/train/shards.h>
#include <fovea/weights/state_dict.h>

#include "toy_task.h"

namespace fovea {
namespace {

struct StepResult {
  NamedTensors gradients;
  NamedTensors state;
  StepSums sums;
};

Batch toy_batch(std::int64_t images) {
  const Loader loader = toy_loader(images, /*training=*/false, images);
  return loader.batch(first_indices(images, 0), 0, 0);
}

StepResult one_step(std::int64_t shards, int threads, std::int64_t images) {
  const auto network = toy_network();
  initialise(*network, 1);
  Shards engine(network, toy_network, shards, threads);
  StepResult result;
  result.sums = engine.add_gradient(toy_batch(images), 1, ClassificationObjective(ClassLoss(0)), {},
                                    RandomStream(1, Purpose::forward));
  for (const auto& item : network->named_parameters()) result.gradients.emplace(item.key(), item.value().grad().clone());
  result.state = copy_state(*network);
  return result;
}

void expect_identical(const NamedTensors& left, const NamedTensors& right) {
  ASSERT_EQ(left.size(), right.size());
  for (const auto& [name, tensor] : left) EXPECT_TRUE(torch::equal(tensor, right.at(name))) << name;
}

TEST(ShardsTest, ThreadsDoNotChangeABit) {
  const StepResult one = one_step(3, 1, 100);
  for (const int threads : {2, 3, 5}) {
    const StepResult other = one_step(3, threads, 100);
    expect_identical(one.gradients, other.gradients);
    expect_identical(one.state, other.state);
    EXPECT_EQ(one.sums.loss, other.sums.loss);
    EXPECT_EQ(one.sums.correct, other.sums.correct);
  }
}

/// As where a policy waits and all else is frozen.
class ConstantObjective final : public Objective {
 public:
  Loss loss(Classifier&, const Batch& batch, const TrainingPosition&, const RandomStream&) const override {
    return {torch::tensor(2.0F), torch::zeros({batch.size(), 4}), {}};
  }
};

TEST(ShardsTest, ALossThatNothingCanMakeSmallerGivesNoGradient) {
  const auto network = toy_network();
  initialise(*network, 1);
  Shards engine(network, toy_network, 2, 1);
  const StepSums sums = engine.add_gradient(toy_batch(64), 1, ConstantObjective(), {}, RandomStream(1, Purpose::forward));
  EXPECT_EQ(sums.loss, 2.0 * 64);
  for (const auto& item : network->named_parameters()) EXPECT_FALSE(item.value().grad().defined()) << item.key();
}

TEST(ShardsTest, OneShardIsPlainBackpropagation) {
  const StepResult sharded = one_step(1, 1, 40);
  const auto network = toy_network();
  initialise(*network, 1);
  network->train();
  ForwardContext context;
  const Batch batch = toy_batch(40);
  const auto loss = torch::nn::functional::cross_entropy(network->classify(batch, context).logits, batch.labels);
  loss.backward();
  for (const auto& item : network->named_parameters()) {
    EXPECT_TRUE(torch::allclose(item.value().grad(), sharded.gradients.at(item.key()), 1e-4, 1e-6)) << item.key();
  }
  for (const auto& item : network->named_buffers()) {
    EXPECT_TRUE(torch::allclose(item.value(), sharded.state.at(item.key()))) << item.key();
  }
  EXPECT_NEAR(sharded.sums.loss, 40 * loss.item<double>(), 1e-3);
  EXPECT_EQ(sharded.sums.images, 40);
}

TEST(ShardsTest, UnevenShardsAreWeightedBySize) {
  // 99 images in 2 shards: 49 and 50. Their gradients, each of a mean, are weighted 49/99 and 50/99.
  const StepResult both = one_step(2, 1, 99);
  const auto network = toy_network();
  initialise(*network, 1);
  network->train();
  const Batch batch = toy_batch(99);
  NamedTensors sum;
  for (const auto& [begin, end] : {std::pair<std::int64_t, std::int64_t>{0, 49}, {49, 99}}) {
    const Batch part = batch.slice(begin, end);
    network->zero_grad();
    ForwardContext context;
    torch::nn::functional::cross_entropy(network->classify(part, context).logits, part.labels).backward();
    for (const auto& item : network->named_parameters()) {
      const auto weighted = item.value().grad() * (static_cast<double>(end - begin) / 99.0);
      auto [entry, fresh] = sum.emplace(item.key(), weighted);
      if (!fresh) entry->second = entry->second + weighted;
    }
  }
  for (const auto& [name, tensor] : sum) EXPECT_TRUE(torch::allclose(tensor, both.gradients.at(name), 1e-4, 1e-6)) << name;
}

TEST(ShardsTest, AShardHasAtLeast32Images) {
  // 63 images are too few for two shards, so two shards are one.
  expect_identical(one_step(2, 2, 63).gradients, one_step(1, 1, 63).gradients);
}

TEST(ShardsTest, ReplicasShareTheMastersParameters) {
  const auto network = toy_network();
  initialise(*network, 1);
  Shards engine(network, toy_network, 2, 2);
  const ClassificationObjective objective{ClassLoss(0)};
  const Batch batch = toy_batch(80);
  const double before = engine.add_gradient(batch, 1, objective, {}, RandomStream(1, Purpose::forward)).loss;
  {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : network->parameters()) parameter.mul_(0.5);
  }
  EXPECT_NE(engine.add_gradient(batch, 1, objective, {}, RandomStream(1, Purpose::forward)).loss, before);
}

TEST(ShardsTest, GradientsOfBatchesAddUpByTheirShares) {
  const auto network = toy_network();
  initialise(*network, 1);
  const auto build = [] {
    auto replica = toy_network();
    replica->eval();  // running statistics, so that an image's gradient does not depend on its batch
    return replica;
  };
  Shards engine(network, build, 2, 2);
  const ClassificationObjective objective{ClassLoss(0)};
  const RandomStream random(1, Purpose::forward);
  const Batch all = toy_batch(150);
  engine.zero_gradient();
  const StepSums whole = engine.add_gradient(all, 1, objective, {}, random);
  NamedTensors expected;
  for (const auto& item : network->named_parameters()) expected.emplace(item.key(), item.value().grad().clone());

  engine.zero_gradient();
  StepSums parts;
  for (const auto& [begin, end] : {std::pair<std::int64_t, std::int64_t>{0, 80}, {80, 150}}) {
    parts += engine.add_gradient(all.slice(begin, end), static_cast<double>(end - begin) / 150, objective, {}, random);
  }
  for (const auto& item : network->named_parameters()) {
    EXPECT_TRUE(torch::allclose(item.value().grad(), expected.at(item.key()), 1e-4, 1e-6)) << item.key();
  }
  EXPECT_NEAR(parts.loss, whole.loss, 1e-3);
  EXPECT_EQ(parts.images, 150);
}

TEST(ShardsTest, PartsAreMeansOverTheImagesThatToldThem) {
  StepSums sums;
  sums += {0, 0, 30, {{"told", {15, 30}}, {"never", {}}}};
  sums += {0, 0, 10, {{"told", {}}, {"never", {}}}};
  sums += {0, 0, 20, {{"told", {40, 20}}, {"never", {}}}};
  EXPECT_EQ(sums.images, 60);
  EXPECT_DOUBLE_EQ(sums.parts.at("told").mean().value(), 1.1);
  EXPECT_FALSE(sums.parts.at("never").mean());
}

TEST(ShardsTest, FrozenParametersGetNoGradientAndFrozenStatisticsStayToTheBit) {
  const auto network = toy_network();
  initialise(*network, 1);
  const auto build = [] {
    auto replica = toy_network();
    replica->train();
    freeze(*replica, {"layer1", "*.bn2"}, "test");
    return replica;
  };
  freeze(*network, {"layer1", "*.bn2"}, "test");
  const NamedTensors before = copy_state(*network);
  Shards engine(network, build, 2, 2);
  engine.zero_gradient();
  engine.add_gradient(toy_batch(99), 1, ClassificationObjective(ClassLoss(0)), {}, RandomStream(1, Purpose::forward));
  std::int64_t moved = 0;
  const auto is_frozen = [](const std::string& name) {
    return name.starts_with("layer1.") || name.find(".bn2.") != std::string::npos;
  };
  for (const auto& item : network->named_buffers()) {
    const bool same = torch::equal(item.value(), before.at(item.key()));
    EXPECT_TRUE(same || !is_frozen(item.key())) << item.key();
    moved += same ? 0 : 1;
  }
  EXPECT_GT(moved, 0);
  for (const auto& item : network->named_parameters()) {
    EXPECT_EQ(item.value().grad().defined(), !is_frozen(item.key())) << item.key();
  }
}

}  // namespace
}  // namespace fovea
