#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/models/glimpse/ram.h>
#include <fovea/nn/multiply_adds.h>

#include "network_run.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr InputSpec kInput{2, 20, 30, 5};

std::shared_ptr<RamImpl> small_ram(const std::string& more = "") {
  auto network = std::dynamic_pointer_cast<RamImpl>(
      built("{name: ram, glimpses: 4, patch: 4, scales: 2, encoder_features: 8, width: 12, policy_features: 6" + more + "}",
            kInput));
  give_life(*network, 1);
  network->eval();
  return network;
}

Batch byte_batch(std::int64_t images, std::int64_t height = 20, std::int64_t width = 30) {
  torch::manual_seed(4);
  Batch batch;
  batch.images = torch::randint(0, 256, {images, 2, height, width}, torch::kUInt8);
  batch.normalization = std::make_shared<const Normalization>(Normalization{{0.3, 0.6}, {0.2, 0.4}});
  return batch;
}

ForwardContext context_of(PolicyMode mode, std::uint64_t seed = 1) {
  ForwardContext context;
  context.policy = mode;
  context.standard_deviation = 0.3;
  context.random = RandomStream(seed, Purpose::test);
  return context;
}

GlimpseTrajectory trajectory_of(RamImpl& network, const Batch& batch, ForwardContext context) {
  return *network.classify(batch, context).trajectory;
}

TEST(RamTest, SaysWhatItDid) {
  auto network = small_ram();
  auto context = context_of(PolicyMode::mean);
  const auto output = network->classify(byte_batch(3), context);
  const auto& trajectory = *output.trajectory;
  EXPECT_EQ(trajectory.locations.sizes(), (std::vector<std::int64_t>{3, 4, 2}));
  EXPECT_EQ(trajectory.logits.sizes(), (std::vector<std::int64_t>{3, 4, 5}));
  EXPECT_EQ(trajectory.means.sizes(), (std::vector<std::int64_t>{3, 3, 2}));
  EXPECT_EQ(trajectory.baselines.sizes(), (std::vector<std::int64_t>{3, 3}));
  EXPECT_EQ(trajectory.windows.sizes(), (std::vector<std::int64_t>{3, 4, 2, 4}));
  EXPECT_EQ(trajectory.patches.sizes(), (std::vector<std::int64_t>{3, 4, 2, 2, 4, 4}));
  EXPECT_FALSE(trajectory.log_probs.defined());
  EXPECT_TRUE(torch::equal(output.logits, trajectory.logits.select(1, 3)));
  network->train();
  EXPECT_FALSE(trajectory_of(*network, byte_batch(3), context).windows.defined());
}

TEST(RamTest, LooksWhereItsPolicySays) {
  auto network = small_ram(", range: 0.5");
  const Batch batch = byte_batch(64);
  const auto mean = trajectory_of(*network, batch, context_of(PolicyMode::mean));
  EXPECT_TRUE(torch::equal(mean.locations.select(1, 0), torch::zeros({64, 2})));
  EXPECT_TRUE(torch::equal(mean.locations.slice(1, 1), mean.means));
  EXPECT_TRUE(torch::equal(mean.locations, trajectory_of(*network, batch, context_of(PolicyMode::mean, 2)).locations));

  const auto sampled = trajectory_of(*network, batch, context_of(PolicyMode::sample));
  EXPECT_FALSE(torch::equal(sampled.locations.slice(1, 1), sampled.means));
  EXPECT_LE(sampled.locations.abs().max().item<float>(), 0.5F);
  EXPECT_TRUE(torch::isfinite(sampled.log_probs).all().item<bool>());
  EXPECT_FALSE(torch::equal(sampled.locations, trajectory_of(*network, batch, context_of(PolicyMode::sample, 2)).locations));

  const auto random = trajectory_of(*network, batch, context_of(PolicyMode::random));
  EXPECT_LE(random.locations.abs().max().item<float>(), 0.5F);
  EXPECT_GT(random.locations.abs().max().item<float>(), 0.49F);
  EXPECT_NEAR(random.locations.mean().item<float>(), 0, 0.05);  // of 512 draws with deviation 0.29
  EXPECT_TRUE(
      torch::equal(trajectory_of(*network, batch, context_of(PolicyMode::centre)).locations, torch::zeros({64, 4, 2})));

  auto replay = context_of(PolicyMode::replay);
  replay.replay = random.locations;
  const auto replayed = trajectory_of(*network, batch, replay);
  EXPECT_TRUE(torch::equal(replayed.locations, random.locations));
  EXPECT_TRUE(torch::equal(replayed.logits, random.logits));
}

TEST(RamTest, TheFirstGlimpseMayGoAnywhere) {
  auto network = small_ram(", first: random");
  const auto first = trajectory_of(*network, byte_batch(64), context_of(PolicyMode::mean)).locations.select(1, 0);
  EXPECT_GT(first.std().item<float>(), 0.3F);
  EXPECT_LE(first.abs().max().item<float>(), 0.8F);
}

TEST(RamTest, RolloutsOfAnImageAreNeighbouringRows) {
  auto network = small_ram();
  auto context = context_of(PolicyMode::sample);
  context.rollouts = 3;
  const auto output = network->classify(byte_batch(2), context);
  const auto& trajectory = *output.trajectory;
  ASSERT_EQ(trajectory.logits.sizes(), (std::vector<std::int64_t>{6, 4, 5}));
  // All see the same at the first step, and then each something else.
  EXPECT_TRUE(torch::equal(trajectory.logits[0][0], trajectory.logits[2][0]));
  EXPECT_FALSE(torch::equal(trajectory.logits[0][3], trajectory.logits[2][3]));
  EXPECT_FALSE(torch::equal(trajectory.logits[0][0], trajectory.logits[3][0]));
  const auto mean_probability = trajectory.logits.select(1, 3).softmax(1).view({2, 3, 5}).mean(1);
  EXPECT_TRUE(torch::allclose(output.logits.softmax(1), mean_probability));
}

TEST(RamTest, ReadsBytesAndFloatsAndImagesOfAnySizeAlike) {
  auto network = small_ram();
  const Batch bytes = byte_batch(2);
  Batch floats = bytes;
  floats.images = bytes.input();
  Batch singles = bytes;
  singles.images = torch::Tensor();
  const Batch other = byte_batch(1, 41, 13);
  singles.singles = {bytes.images[0], bytes.images[1], other.images[0]};
  auto context = context_of(PolicyMode::mean);
  const auto of_bytes = network->classify(bytes, context).logits;
  EXPECT_TRUE(torch::allclose(of_bytes, network->classify(floats, context).logits, 1e-4, 1e-5));
  const auto of_singles = network->classify(singles, context).logits;
  EXPECT_TRUE(torch::allclose(of_singles.slice(0, 0, 2), of_bytes));
  EXPECT_TRUE(torch::allclose(of_singles.slice(0, 2), network->classify(other, context).logits));
}

TEST(RamTest, TheFusedRolloutIsTheComposedOne) {
  for (const std::string core : {"relu", "lstm", "gru"}) {
    auto network = small_ram(", core: " + core);
    network->to(torch::kFloat64);
    for (const PolicyMode mode : {PolicyMode::mean, PolicyMode::sample, PolicyMode::random, PolicyMode::centre}) {
      network->set_fused(true);
      const auto fused = trajectory_of(*network, byte_batch(3), context_of(mode));
      network->set_fused(false);
      const auto composed = trajectory_of(*network, byte_batch(3), context_of(mode));
      EXPECT_THAT(fused.logits.grad_fn()->name(), HasSubstr("Transpose"));  // of the function's one tensor
      EXPECT_THAT(composed.logits.grad_fn()->name(), HasSubstr("Stack"));
      EXPECT_TRUE(torch::allclose(fused.logits, composed.logits, 1e-10, 1e-12)) << core;
      EXPECT_TRUE(torch::allclose(fused.locations, composed.locations, 1e-10, 1e-12)) << core;
    }
  }
}

/// Per glimpse: what 4 x 4 x 2 x 2 values -> 8, where 2 -> 8, both -> 12, core 12 -> 12, classifier 12 -> 5; the recurrent
/// product from the second on; policy 12 -> 6 -> 2 and baseline 12 -> 1 at all but the last.
TEST(RamTest, MultiplyAddsByHand) {
  const std::int64_t each = 64 * 8 + 2 * 8 + 2 * 8 * 12 + 12 * 12 + 12 * 5;
  EXPECT_EQ(count_multiply_adds(*small_ram(), kInput), 4 * each + 3 * (12 * 12) + 3 * (12 * 6 + 6 * 2 + 12));
}

TEST(RamTest, RefusesWhatDoesNotFit) {
  const auto building = [](const std::string& options) {
    return [options] { built("{name: ram, " + options + "}", kInput); };
  };
  EXPECT_THAT(building("patch: 1, encoder: convolutional"), ThrowsMessage<InputError>(HasSubstr("model.patch")));
  EXPECT_THAT(building("encoder_channels: 8"), ThrowsMessage<InputError>(HasSubstr("model.encoder_channels")));
  EXPECT_THAT(building("attention: se"), ThrowsMessage<InputError>(HasSubstr("model.attention")));
  auto network = small_ram();
  auto replay = context_of(PolicyMode::replay);
  EXPECT_THROW(network->classify(byte_batch(2), replay), ShapeError);
  replay.replay = torch::zeros({2, 3, 2});
  EXPECT_THAT([&] { network->classify(byte_batch(2), replay); },
              ThrowsMessage<ShapeError>(AllOf(HasSubstr("[2, 4, 2]"), HasSubstr("[2, 3, 2]"))));
  auto sample = context_of(PolicyMode::sample);
  sample.standard_deviation = 0;
  EXPECT_THROW(network->classify(byte_batch(2), sample), InputError);
}

}  // namespace
}  // namespace fovea
