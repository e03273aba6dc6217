#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/policy/reinforce.h>
#include <fovea/train/choice_objective.h>

#include "toy_chooser.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// Of ten epochs with ten updates each: the first two warm up, the last is the final phase.
const TrainingPosition kWarmUp{0, 10, 10, {}}, kExploring{60, 10, 10, {}}, kFinal{95, 10, 10, {}};

Reinforce chooser_policy(const std::string& more = "") {
  Reinforce policy(ChoiceKind::elements);
  read_fields(policy, parse_yaml("{warmup_epochs: 2" + more + "}", "test"), "train.policy");
  return policy;
}

/// Images of four pixels, all of class 0: the larger the chosen pixel, the better.
Batch pixel_batch(std::int64_t images) {
  Batch batch;
  batch.images = torch::tensor({2.0F, -1.0F, 0.5F, -3.0F}).view({1, 1, 2, 2}).repeat({images, 1, 1, 1});
  batch.labels = torch::zeros({images}, torch::kInt64);
  return batch;
}

RandomStream chooser_stream() {
  return {5, Purpose::test};
}

Loss chooser_loss(ToyChooser& network, const Reinforce& policy, const Batch& batch, const TrainingPosition& position) {
  return ChoiceObjective(ClassLoss(0), policy).loss(network, batch, position, chooser_stream());
}

TEST(ChoiceObjectiveTest, FollowsThePhasesOfExploration) {
  const Reinforce policy = chooser_policy(", baseline: none");
  ToyChooser network;
  const auto parts_at = [&](const TrainingPosition& position) {
    const Loss loss = chooser_loss(network, policy, pixel_batch(3), position);
    return std::map<std::string, std::optional<double>>(loss.parts.begin(), loss.parts.end());
  };
  auto parts = parts_at(kWarmUp);
  EXPECT_TRUE(parts.at("class_loss") && parts.at("policy_reward"));
  EXPECT_FALSE(parts.at("policy_loss") || parts.at("policy_entropy"));
  parts = parts_at(kExploring);
  EXPECT_TRUE(parts.at("policy_loss"));
  const auto probability = network.scores.detach().softmax(0);
  EXPECT_NEAR(*parts.at("policy_entropy"), -(probability * probability.log()).sum().item<double>(), 1e-12);
  parts = parts_at(kFinal);
  EXPECT_FALSE(parts.at("policy_loss"));
  EXPECT_THAT(network.policies, ElementsAre(PolicyMode::random, PolicyMode::sample, PolicyMode::mean));
}

TEST(ChoiceObjectiveTest, EveryImageHasItsRolloutsAndOneRowOfLogits) {
  const Reinforce policy = chooser_policy(", baseline: leave_one_out, rollouts: 8");
  ToyChooser network;
  const Loss loss = chooser_loss(network, policy, pixel_batch(3), kExploring);
  EXPECT_THAT(network.sizes, ElementsAre(24));
  ASSERT_EQ(loss.logits.sizes(), (std::vector<std::int64_t>{3, 2}));
  EXPECT_TRUE(torch::allclose(loss.logits.exp().sum(1), torch::ones({3}, torch::kFloat64))) << "mean probabilities";
}

TEST(ChoiceObjectiveTest, TheSelfCriticalPassTakesTheMostProbableOfTheSameImages) {
  const Reinforce policy = chooser_policy(", rollouts: 2, normalize: false");
  ToyChooser network;
  const Loss loss = chooser_loss(network, policy, pixel_batch(3), kExploring);
  EXPECT_THAT(network.policies, ElementsAre(PolicyMode::sample, PolicyMode::mean));
  EXPECT_THAT(network.sizes, ElementsAre(6, 3));
}

TEST(ChoiceObjectiveTest, ExpectedGradientIsThatOfTheExpectedReward) {
  const Batch batch = pixel_batch(1);
  const auto reward = torch::sigmoid(batch.images.flatten()).to(torch::kFloat64);  // probability of class 0 by pixel
  constexpr std::int64_t kRollouts = 20000;
  for (const std::string baseline : {"none", "leave_one_out", "self_critical"}) {
    ToyChooser network;
    Reinforce policy = chooser_policy(", normalize: false, baseline: " + baseline);
    policy.rollouts_per_image = kRollouts;
    const Loss loss = chooser_loss(network, policy, batch, kExploring);
    const auto class_part = loss.parts.front().second.value();
    const auto estimated = torch::autograd::grad({loss.total - class_part}, {network.scores})[0];
    const auto probability = network.scores.softmax(0);
    const auto exact = -torch::autograd::grad({(probability * reward).sum()}, {network.scores})[0];
    // A rollout's estimate for outcome j is -(reward_j - b) (e_j - p); its variance by enumeration, with the b of each
    // baseline (leave-one-out's is nearly the mean).
    const auto p = probability.detach();
    const auto b = baseline == "none"            ? torch::zeros({}, torch::kFloat64)
                   : baseline == "self_critical" ? reward[p.argmax().item<std::int64_t>()]
                                                 : (p * reward).sum();
    const auto outcomes = -(reward - b).unsqueeze(1) * (torch::eye(4, torch::kFloat64) - p);
    const auto variance = (p.unsqueeze(1) * outcomes.square()).sum(0) - (p.unsqueeze(1) * outcomes).sum(0).square();
    const auto bound = 4 * (variance / kRollouts).sqrt();
    EXPECT_TRUE((estimated - exact).abs().le(bound).all().item<bool>()) << baseline << "\n"
                                                                        << estimated << "\n"
                                                                        << exact << "\n"
                                                                        << bound;
    EXPECT_LT(bound.max().item<double>(), 0.2 * exact.abs().max().item<double>()) << "the bound says little";
  }
}

TEST(ChoiceObjectiveTest, LearnsToChoose) {
  const Reinforce policy = chooser_policy();
  ToyChooser network;
  torch::optim::SGD optimizer(network.parameters(), torch::optim::SGDOptions(0.5));
  const ChoiceObjective objective(ClassLoss(0), policy);
  for (std::uint64_t update = 0; update < 200; ++update) {
    optimizer.zero_grad();
    objective.loss(network, pixel_batch(16), kExploring, chooser_stream().child(update)).total.backward();
    optimizer.step();
  }
  EXPECT_GT(network.scores.softmax(0)[0].item<double>(), 0.9) << "the largest pixel";
}

TEST(ChoiceObjectiveTest, ANetworkWithoutChoicesIsRefused) {
  const Reinforce policy = chooser_policy();
  ToyChooser network;
  network.chooses = false;
  EXPECT_THAT([&] { chooser_loss(network, policy, pixel_batch(1), kExploring); },
              ThrowsMessage<InputError>(HasSubstr("train.policy: expected a network whose attention chooses")));
}

}  // namespace
}  // namespace fovea
