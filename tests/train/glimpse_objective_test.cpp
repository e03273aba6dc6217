#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/policy/reinforce.h>
#include <fovea/train/glimpse_objective.h>

#include "gradient_check.h"
#include "toy_glimpses.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kImages = 5;

/// Of ten epochs with ten updates each: the first two warm up, the last is the final phase.
TrainingPosition warm_up() {
  return {0, 10, 10, {}};
}
TrainingPosition exploring() {
  return {60, 10, 10, {}};
}  // half of the way from the warm-up to the end
TrainingPosition settling() {
  return {95, 10, 10, {}};
}

Reinforce policy_from(const std::string& more = "") {
  Reinforce policy;
  read_fields(policy, parse_yaml("{warmup_epochs: 2, std: [0.3, 0.1]" + more + "}", "test"), "train.policy");
  return policy;
}

Batch random_batch(bool mixed = false) {
  Batch batch;
  batch.images = torch::empty({kImages, 1, 8, 8});
  fill_normal(batch.images, RandomStream(1, Purpose::test), 1);
  batch.labels = torch::arange(kImages, torch::kInt64) % 4;
  if (mixed) {
    batch.other_labels = (batch.labels + 1) % 4;
    batch.lambda = 0.5 + 0.1 * torch::arange(kImages, torch::kFloat64);
  }
  return batch;
}

/// A float64 network with weights of its own.
std::shared_ptr<ToyGlimpses> toy_glimpses(std::int64_t steps = 4) {
  auto network = std::make_shared<ToyGlimpses>(steps);
  network->to(torch::kFloat64);
  initialise(*network, 3);
  return network;
}

/// Says the same whatever it is shown, and remembers how it was asked.
struct RecordingGlimpses final : Classifier {
  explicit RecordingGlimpses(std::function<ModelOutput(Batch const&, ForwardContext&)> answer)
      : answer_(std::move(answer)) {}
  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    contexts.push_back(context);
    return answer_(batch, context);
  }
  std::vector<ForwardContext> contexts;

 private:
  std::function<ModelOutput(Batch const&, ForwardContext&)> answer_;
};

/// A network whose passes are those of another, recorded.
RecordingGlimpses recording(const std::shared_ptr<ToyGlimpses>& network) {
  return RecordingGlimpses(
      [network](const Batch& batch, ForwardContext& context) { return network->classify(batch, context); });
}

RandomStream test_stream() {
  return {4, Purpose::test};
}

std::map<std::string, std::optional<double>> parts_of(const Loss& loss) {
  return {loss.parts.begin(), loss.parts.end()};
}

TEST(GlimpseObjectiveTest, AsksForPassesAsThePositionSays) {
  const Reinforce policy = policy_from(", rollouts: 3");
  const GlimpseObjective objective(ClassLoss(0), StepLoss::linear, policy);
  RecordingGlimpses network = recording(toy_glimpses());
  for (const auto& position : {warm_up(), exploring(), settling()}) {
    objective.loss(network, random_batch(), position, test_stream());
  }
  ASSERT_EQ(network.contexts.size(), 3U);
  EXPECT_EQ(network.contexts[0].policy, PolicyMode::random);
  EXPECT_EQ(network.contexts[1].policy, PolicyMode::sample);
  EXPECT_NEAR(network.contexts[1].standard_deviation, 0.2, 1e-12);
  EXPECT_EQ(network.contexts[2].policy, PolicyMode::sample);
  EXPECT_EQ(network.contexts[2].standard_deviation, 0.03);
  auto expected = test_stream();
  const auto draw = expected();
  for (ForwardContext& context : network.contexts) {
    EXPECT_EQ(context.rollouts, 3);
    EXPECT_EQ(context.random(), draw);
  }
}

TEST(GlimpseObjectiveTest, ClassLossByHand) {
  // Two rollouts of an image of class 1. Its probabilities after three steps: 1/4, 1/2, 4/5 and 1/4, 1/8, 1/2.
  const auto probability = torch::tensor({{0.25, 0.5, 0.8}, {0.25, 0.125, 0.5}}, torch::kFloat64);
  RecordingGlimpses network([&](const Batch&, ForwardContext&) {
    GlimpseTrajectory trajectory;
    trajectory.logits = torch::stack({(1 - probability).log(), probability.log()}, 2);
    return ModelOutput{trajectory.logits.select(1, 2).slice(0, 0, 1), trajectory};
  });
  Batch batch;
  batch.images = torch::zeros({1, 1, 1, 1});
  batch.labels = torch::ones({1}, torch::kInt64);
  const Reinforce policy = policy_from(", rollouts: 2");
  const auto loss_of = [&](StepLoss steps) {
    return GlimpseObjective(ClassLoss(0), steps, policy).loss(network, batch, warm_up(), test_stream());
  };
  const double first = std::log(2.0) / 3 + 2 * std::log(1.25) / 3;
  const double second = std::log(8.0) / 3 + 2 * std::log(2.0) / 3;
  EXPECT_NEAR(loss_of(StepLoss::linear).total.item<double>(), (first + second) / 2, 1e-12);
  EXPECT_NEAR(loss_of(StepLoss::last).total.item<double>(), (std::log(1.25) + std::log(2.0)) / 2, 1e-12);
  // Returns: 0.55, 0.3; 0.25, 0.375.
  EXPECT_NEAR(*parts_of(loss_of(StepLoss::last)).at("policy_reward"), (0.55 + 0.3 + 0.25 + 0.375) / 4, 1e-12);
}

TEST(GlimpseObjectiveTest, SmoothingWeightsAndMixingAreThoseOfTheClassLoss) {
  const Reinforce policy = policy_from(", rollouts: 2");
  const ClassLoss class_loss(0.1, {0.5, 2, 1, 3});
  const auto network = toy_glimpses();
  for (const bool mixed : {false, true}) {
    const Batch batch = random_batch(mixed);
    const Loss loss = GlimpseObjective(class_loss, StepLoss::linear, policy).loss(*network, batch, warm_up(), test_stream());
    ForwardContext context;
    context.random = test_stream();
    context.policy = PolicyMode::random;
    context.rollouts = 2;
    const auto logits = network->classify(batch, context).trajectory->logits;
    torch::Tensor expected = torch::zeros({}, torch::kFloat64);
    for (std::int64_t t = 0; t < 4; ++t) {
      expected = expected + static_cast<double>(t) / 6 * class_loss.mean(logits.select(1, t), Targets(batch).repeated(2));
    }
    EXPECT_NEAR(loss.total.item<double>(), expected.item<double>(), 1e-12);
  }
}

TEST(GlimpseObjectiveTest, AddsTheTermsOfTheContext) {
  const Reinforce policy = policy_from();
  const auto network = toy_glimpses();
  RecordingGlimpses with_term([&](const Batch& batch, ForwardContext& context) {
    context.losses.emplace_back("extra", torch::tensor(2.0, torch::kFloat64));
    return network->classify(batch, context);
  });
  const GlimpseObjective objective(ClassLoss(0), StepLoss::linear, policy);
  const auto total = [&](Classifier& shown) {
    return objective.loss(shown, random_batch(), warm_up(), test_stream()).total.item<double>();
  };
  EXPECT_NEAR(total(with_term), total(*network) + 2, 1e-12);
}

TEST(GlimpseObjectiveTest, ThePolicyIsFrozenInWarmUpAndFinalPhase) {
  const Reinforce policy = policy_from();
  const GlimpseObjective objective(ClassLoss(0), StepLoss::linear, policy);
  for (const auto& position : {warm_up(), exploring(), settling()}) {
    const auto network = toy_glimpses();
    objective.loss(*network, random_batch(), position, test_stream()).total.backward();
    const bool learns = position.update == exploring().update;
    for (const auto& item : network->named_parameters()) {
      const bool of_policy = item.key().starts_with("locate") || item.key().starts_with("expect");
      EXPECT_EQ(item.value().grad().defined(), learns || !of_policy) << item.key() << ", update " << position.update;
    }
  }
}

TEST(GlimpseObjectiveTest, EachTermHasItsParameters) {
  const Reinforce policy = policy_from();
  const auto network = toy_glimpses();
  const GlimpseObjective objective(ClassLoss(0), StepLoss::linear, policy);
  objective.loss(*network, random_batch(), exploring(), test_stream()).total.backward();

  ForwardContext context;
  context.random = test_stream();
  context.policy = PolicyMode::sample;
  context.standard_deviation = policy.exploration.at(6, 10).standard_deviation;
  const Batch batch = random_batch();
  const GlimpseTrajectory trajectory = *network->classify(batch, context).trajectory;
  const auto returns = choice_returns(policy.reward, trajectory.logits, batch.labels);
  const PolicyLoss terms = policy.estimate({trajectory.log_probs, returns, trajectory.baselines, 1, {}});
  const auto expect_gradient = [](const torch::Tensor& term, const torch::Tensor& parameter) {
    const auto alone = torch::autograd::grad({term}, {parameter}, {}, /*retain_graph=*/true)[0];
    EXPECT_TRUE(torch::allclose(parameter.grad(), alone, 1e-12, 1e-14));
    EXPECT_GT(alone.abs().max().item<double>(), 0);
  };
  expect_gradient(terms.policy, network->locate->weight);
  expect_gradient(terms.baseline, network->expect->weight);
  const auto class_term =
      trajectory.logits.transpose(0, 1).log_softmax(2).gather(2, batch.labels.view({1, -1, 1}).expand({4, -1, 1}));
  const auto weights = torch::tensor(step_weights(StepLoss::linear, 4), torch::kFloat64);
  expect_gradient(-(class_term.mean({1, 2}) * weights).sum(), network->see->weight);
}

TEST(GlimpseObjectiveTest, GradientsMatchDifferences) {
  // Of a network with fixed draws: log-probabilities, baselines and logits each linear in a variable.
  const auto logits =
      torch::sin(torch::arange(2 * kImages * 3 * 4, torch::kFloat64)).view({2 * kImages, 3, 4}).requires_grad_();
  const auto log_probs = torch::cos(torch::arange(2 * kImages * 2, torch::kFloat64)).view({2 * kImages, 2}).requires_grad_();
  RecordingGlimpses network([&](const Batch&, ForwardContext&) {
    GlimpseTrajectory trajectory;
    trajectory.logits = logits;
    trajectory.log_probs = log_probs;
    return ModelOutput{logits.select(1, 2).slice(0, 0, kImages), trajectory};
  });
  const Batch batch = random_batch(/*mixed=*/true);
  const Reinforce policy = policy_from(", rollouts: 2, baseline: leave_one_out");
  const GlimpseObjective objective(ClassLoss(0.1, {0.5, 2, 1, 3}), StepLoss::linear, policy);
  const auto loss = [&](const TrainingPosition& position) {
    return objective.loss(network, batch, position, test_stream()).total;
  };
  expect_gradients_match([&] { return loss(exploring()); }, {{"log_probs", log_probs}});
  // Rewards are no function of the logits to autograd, so the class loss is looked at alone.
  expect_gradients_match([&] { return loss(warm_up()); }, {{"logits", logits}});
}

TEST(GlimpseObjectiveTest, PartsAddUpAndSayWhatIsNotThere) {
  const auto network = toy_glimpses();
  const Reinforce policy = policy_from(", weight: 0.5");
  const GlimpseObjective objective(ClassLoss(0), StepLoss::linear, policy);
  std::map<std::int64_t, std::map<std::string, std::optional<double>>> parts;
  for (const auto& position : {warm_up(), exploring(), settling()}) {
    const Loss loss = objective.loss(*network, random_batch(), position, test_stream());
    auto& here = parts[position.update] = parts_of(loss);
    EXPECT_EQ(here.size(), 6U);
    const double sum = *here.at("class_loss") + here.at("policy_loss").value_or(0) + here.at("baseline_loss").value_or(0);
    EXPECT_NEAR(sum, loss.total.item<double>(), 1e-12);
    EXPECT_TRUE(here.at("policy_reward"));
    EXPECT_EQ(here.at("policy_loss").has_value(), position.update == exploring().update);
    EXPECT_EQ(here.at("baseline_loss").has_value(), position.update == exploring().update);
  }
  EXPECT_FALSE(parts[warm_up().update].at("policy_std"));
  EXPECT_FALSE(parts[warm_up().update].at("policy_entropy"));
  EXPECT_NEAR(*parts[exploring().update].at("policy_std"), 0.2, 1e-12);
  EXPECT_NEAR(*parts[exploring().update].at("policy_entropy"), 1 + std::log(2 * M_PI * 0.04), 1e-12);
  EXPECT_NEAR(*parts[settling().update].at("policy_entropy"), 1 + std::log(2 * M_PI * 0.0009), 1e-12);
}

TEST(GlimpseObjectiveTest, FurtherPassesAreOfTheSameNetworkWithOtherDraws) {
  const Reinforce policy = policy_from(", rollouts: 2, baseline: self_critical");
  RecordingGlimpses network = recording(toy_glimpses());
  const GlimpseObjective objective(ClassLoss(0), StepLoss::linear, policy);
  const Loss loss = objective.loss(network, random_batch(), exploring(), test_stream());
  EXPECT_TRUE(parts_of(loss).at("policy_loss"));
  ASSERT_EQ(network.contexts.size(), 2U);
  EXPECT_EQ(network.contexts[1].policy, PolicyMode::mean);
  EXPECT_EQ(network.contexts[1].rollouts, 1);
  EXPECT_NE(network.contexts[1].random(), network.contexts[0].random());
}

TEST(GlimpseObjectiveTest, ASingleGlimpseLeavesNothingToChoose) {
  const Reinforce policy = policy_from();
  const auto network = toy_glimpses(1);
  const GlimpseObjective objective(ClassLoss(0), StepLoss::linear, policy);
  const Loss loss = objective.loss(*network, random_batch(), exploring(), test_stream());
  EXPECT_TRUE(std::isfinite(loss.total.item<double>()));
  for (const auto& [name, value] : loss.parts) EXPECT_EQ(value.has_value(), name == "class_loss") << name;
}

/// Images of two classes: dark or bright in the top left quadrant. Each other quadrant is either, too, but tells nothing.
Batch quadrant_batch(std::int64_t images) {
  Batch batch;
  batch.images = torch::empty({images, 1, 8, 8});
  fill_normal(batch.images, RandomStream(2, Purpose::test), 0.1);
  auto quadrants = torch::empty({images, 2, 2});
  fill_uniform(quadrants, RandomStream(3, Purpose::test), -1, 1);
  quadrants = quadrants.sign();
  batch.images += quadrants.repeat_interleave(4, 1).repeat_interleave(4, 2).unsqueeze(1);
  batch.labels = quadrants.select(1, 0).select(1, 0).gt(0).to(torch::kInt64);
  return batch;
}

/// Trains a network of two glimpses. @return its accuracy with the means, and the fraction of second glimpses in the
/// quadrant.
std::pair<double, double> learn_quadrant(const std::string& policy_options) {
  const auto network = toy_glimpses(2);
  Reinforce policy;
  read_fields(policy, parse_yaml(policy_options, "test"), "train.policy");
  const GlimpseObjective objective(ClassLoss(0), StepLoss::linear, policy);
  torch::optim::Adam optimizer(network->parameters(), torch::optim::AdamOptions(0.02));
  const Batch batch = quadrant_batch(64);
  constexpr std::int64_t kSteps = 300;
  for (std::int64_t update = 0; update < kSteps; ++update) {
    const RandomStream random = test_stream().child(static_cast<std::uint64_t>(update));
    optimizer.zero_grad();
    objective.loss(*network, batch, {update, 1, kSteps, {}}, random).total.backward();
    optimizer.step();
  }
  const torch::NoGradGuard no_grad;
  ForwardContext context;
  context.policy = PolicyMode::mean;
  const ModelOutput output = network->classify(batch, context);
  const auto second = output.trajectory->locations.select(1, 1);
  const auto fraction = [](const torch::Tensor& which) { return which.to(torch::kFloat64).mean().item<double>(); };
  return {fraction(output.logits.argmax(1).eq(batch.labels)), fraction(second.lt(0).all(1))};
}

TEST(GlimpseObjectiveTest, LearnsWhereToLook) {
  const auto [frozen_accuracy, frozen_share] = learn_quadrant("{warmup_epochs: 0, frozen_fraction: 1, frozen_std: 0.3}");
  EXPECT_LT(frozen_accuracy, 0.65);  // chance is a half
  EXPECT_EQ(frozen_share, 0);
  for (const char* learning : {"reward: probability_gain, baseline: learned", "reward: correct, baseline: leave_one_out",
                               "reward: probability_gain, baseline: self_critical"}) {
    const auto [accuracy, fraction] = learn_quadrant(
        std::string("{warmup_epochs: 20, std: [0.5, 0.1], frozen_fraction: 0, rollouts: 2, ") + learning + "}");
    EXPECT_EQ(accuracy, 1) << learning;
    EXPECT_EQ(fraction, 1) << learning;
  }
}

TEST(GlimpseObjectiveTest, NeedsATrajectory) {
  RecordingGlimpses network([](const Batch&, ForwardContext&) { return ModelOutput{torch::zeros({kImages, 4})}; });
  const Reinforce policy = policy_from();
  EXPECT_THAT(
      [&] {
        GlimpseObjective(ClassLoss(0), StepLoss::linear, policy).loss(network, random_batch(), warm_up(), test_stream());
      },
      ThrowsMessage<InputError>(HasSubstr("train.policy: expected a network with a glimpse trajectory")));
}

}  // namespace
}  // namespace fovea
