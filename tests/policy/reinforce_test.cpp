#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/config/fields.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/hard_choice.h>
#include <fovea/policy/reinforce.h>

#include "gradient_check.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

constexpr auto kReal = torch::kFloat64;
constexpr Baseline kBaselines[] = {Baseline::learned, Baseline::leave_one_out, Baseline::self_critical, Baseline::none};

Reinforce reinforce_from(const std::string& yaml) {
  Reinforce estimator;
  read_fields(estimator, parse_yaml(yaml, "test"), "train.policy");
  return estimator;
}

Reinforce unbiased(Baseline baseline, Reward reward) {
  Reinforce estimator;
  estimator.baseline = baseline;
  estimator.reward = reward;
  estimator.normalize = false;
  return estimator;
}

/// No further pass is expected.
torch::Tensor no_pass() {
  ADD_FAILURE() << "an unexpected pass";
  return {};
}

/// Log-probabilities and returns of two images with two rollouts of two choices.
struct FourRollouts {
  Rollouts rollouts() const { return {log_probs, returns, baselines, 2, no_pass}; }

  torch::Tensor log_probs = torch::tensor({{-1.0, -2.0}, {-3.0, -1.0}, {-2.0, -2.0}, {-1.0, -4.0}}, kReal).requires_grad_();
  torch::Tensor baselines = torch::tensor({{0.5, 0.0}, {0.5, 0.5}, {0.0, 1.0}, {0.0, 0.0}}, kReal).requires_grad_();
  torch::Tensor returns = torch::tensor({{1.0, 0.5}, {0.0, 0.25}, {1.0, 1.0}, {1.0, 0.0}}, kReal);
};

TEST(ReinforceTest, WithoutABaselineByHand) {
  const FourRollouts four;
  // log_prob * return: -1, -1; 0, -0.25; -2, -2; -1, 0; together -7.25 over 8 choices.
  const PolicyLoss loss = reinforce_from("{baseline: none, normalize: false, weight: 2}").estimate(four.rollouts());
  EXPECT_NEAR(loss.policy.item<double>(), 2 * 7.25 / 8, 1e-12);
  EXPECT_FALSE(loss.baseline.defined());
}

TEST(ReinforceTest, LeaveOneOutByHand) {
  const FourRollouts four;
  // Advantages: 1, 0.25; -1, -0.25; 0, 1; 0, -1. Times log_prob: -1, -0.5; 3, 0.25; 0, -2; 0, 4; together 3.75.
  const PolicyLoss loss =
      reinforce_from("{baseline: leave_one_out, rollouts: 2, normalize: false}").estimate(four.rollouts());
  EXPECT_NEAR(loss.policy.item<double>(), -3.75 / 8, 1e-12);
  EXPECT_FALSE(loss.baseline.defined());
}

TEST(ReinforceTest, LeaveOneOutOfThreeIsTheMeanOfTheOtherTwo) {
  const auto log_probs = torch::tensor({{1.0}, {10.0}, {100.0}}, kReal);
  const auto returns = torch::tensor({{1.0}, {2.0}, {6.0}}, kReal);
  // Advantages 1 - 4, 2 - 3.5 and 6 - 1.5.
  const PolicyLoss loss = reinforce_from("{baseline: leave_one_out, rollouts: 3, normalize: false}")
                              .estimate({log_probs, returns, {}, 3, no_pass});
  EXPECT_NEAR(loss.policy.item<double>(), -(-3.0 - 15.0 + 450.0) / 3, 1e-12);
}

TEST(ReinforceTest, LearnedBaselineByHand) {
  const FourRollouts four;
  // Advantages: 0.5, 0.5; -0.5, -0.25; 1, 0; 1, 0. Times log_prob: -0.5, -1; 1.5, 0.25; -2, 0; -1, 0; together -2.75.
  const PolicyLoss loss = reinforce_from("{normalize: false, weight: 3}").estimate(four.rollouts());
  EXPECT_NEAR(loss.policy.item<double>(), 3 * 2.75 / 8, 1e-12);
  EXPECT_NEAR(loss.baseline.item<double>(), (0.25 + 0.25 + 0.25 + 0.0625 + 1 + 0 + 1 + 0) / 8, 1e-12);
}

TEST(ReinforceTest, SelfCriticalBaselineIsTheReturnOfAPassWithTheMeans) {
  const FourRollouts four;
  std::int64_t passes = 0;
  const auto greedy_returns = [&] {
    ++passes;
    return torch::tensor({{0.4, 0.3}, {0.0, 0.0}}, kReal);
  };
  // Baselines: 0.4, 0.3 for both rollouts of the first image, 0 for the second's. Advantages: 0.6, 0.2; -0.4, -0.05;
  // 1, 1; 1, 0. Times log_prob: -0.6, -0.4; 1.2, 0.05; -2, -2; -1, 0; together -4.75.
  const PolicyLoss loss = reinforce_from("{baseline: self_critical, rollouts: 2, normalize: false}")
                              .estimate({four.log_probs, four.returns, four.baselines, 2, greedy_returns});
  EXPECT_NEAR(loss.policy.item<double>(), 4.75 / 8, 1e-12);
  EXPECT_EQ(passes, 1);
}

TEST(ReinforceTest, NormalizedAdvantagesHaveMeanZeroAndDeviationOne) {
  const FourRollouts four;
  // Returns 1, 0.5; 0, 0.25; 1, 1; 1, 0: mean 4.75 / 8, mean square 4.3125 / 8.
  const double mean = 4.75 / 8;
  const double deviation = std::sqrt(4.3125 / 8 - mean * mean);
  const double expected = (7.25 / 8 - mean * 16 / 8) / (deviation + 1e-6);  // the log-probabilities add up to -16
  const PolicyLoss loss = reinforce_from("{baseline: none}").estimate(four.rollouts());
  EXPECT_NEAR(loss.policy.item<double>(), expected, 1e-12);
}

TEST(ReinforceTest, ASingleNormalizedAdvantageIsZero) {
  const auto log_probs = torch::tensor({{-3.0}}, kReal);
  const PolicyLoss loss =
      reinforce_from("{baseline: none}").estimate({log_probs, torch::tensor({{0.7}}, kReal), {}, 1, no_pass});
  EXPECT_EQ(loss.policy.item<double>(), 0);
}

TEST(ReinforceTest, ThePolicyTermReachesTheLogProbabilitiesAlone) {
  const FourRollouts four;
  for (const Baseline baseline : {Baseline::learned, Baseline::leave_one_out, Baseline::none}) {
    Reinforce estimator = unbiased(baseline, Reward::probability_gain);
    for (const bool normalize : {false, true}) {
      estimator.normalize = normalize;
      expect_gradients_match([&] { return estimator.estimate(four.rollouts()).policy; }, {{"log_probs", four.log_probs}});
      const auto gradients = torch::autograd::grad({estimator.estimate(four.rollouts()).policy},
                                                   {four.log_probs, four.baselines}, {}, false, false,
                                                   /*allow_unused=*/true);
      EXPECT_FALSE(gradients[1].defined());
    }
  }
}

TEST(ReinforceTest, TheBaselineTermReachesTheBaselinesAlone) {
  const FourRollouts four;
  const Reinforce estimator;
  expect_gradients_match([&] { return estimator.estimate(four.rollouts()).baseline; }, {{"baselines", four.baselines}});
  const auto gradients = torch::autograd::grad({estimator.estimate(four.rollouts()).baseline},
                                               {four.baselines, four.log_probs}, {}, false, false,
                                               /*allow_unused=*/true);
  EXPECT_FALSE(gradients[1].defined());
}

TEST(ReinforceTest, RefusesToLeaveOneOutOfOne) {
  EXPECT_THAT([] { reinforce_from("{baseline: leave_one_out}").validate(60); },
              ThrowsMessage<InputError>(StrEq("train.policy.rollouts: expected at least 2 with baseline: leave_one_out, got "
                                              "1; raise rollouts or set another baseline")));
  EXPECT_NO_THROW(reinforce_from("{baseline: leave_one_out, rollouts: 2}").validate(60));
  EXPECT_THAT([] { Reinforce().validate(2); }, ThrowsMessage<InputError>(HasSubstr("warmup_epochs")));
}

/// A problem that can be enumerated: two choices, each of three things, the second with the first in mind. The class scores
/// after each step follow from what has been chosen so far.
struct TwoChoices {
  static constexpr std::int64_t kThings = 3;
  static constexpr std::int64_t kOutcomes = kThings * kThings;

  torch::Tensor first = torch::tensor({0.3, -0.5, 0.1}, kReal).requires_grad_();
  torch::Tensor second = torch::tensor({{0.2, 0.0, -0.4}, {-0.3, 0.6, 0.1}, {0.5, -0.2, 0.0}}, kReal).requires_grad_();
  torch::Tensor after_first = torch::tensor({0.4, 0.7, 0.2}, kReal);  // probabilities of the true class
  torch::Tensor at_end = torch::tensor({{0.3, 0.8, 0.9}, {0.6, 0.95, 0.4}, {0.7, 0.1, 0.85}}, kReal);
  torch::Tensor label = torch::zeros({1}, torch::kInt64);

  static torch::Tensor as_logits(const torch::Tensor& probability) {
    return torch::stack({probability.log(), (1 - probability).log()}, -1);
  }

  /// One image with a rollout per outcome, numbered by 3 times the first choice plus the second.
  GlimpseTrajectory play(const std::vector<std::int64_t>& outcomes) const {
    const auto outcome = torch::tensor(outcomes, torch::kInt64);
    const auto one = outcome.div(kThings, "floor");
    GlimpseTrajectory trajectory;
    trajectory.log_probs = torch::stack(
        {first.log_softmax(0).index_select(0, one), second.log_softmax(1).flatten().index_select(0, outcome)}, 1);
    const auto start = torch::full_like(after_first, 0.25);
    trajectory.logits = as_logits(torch::stack(
        {start.index_select(0, one), after_first.index_select(0, one), at_end.flatten().index_select(0, outcome)}, 1));
    trajectory.baselines = torch::stack({torch::full_like(one, 0.4, kReal), 0.1 + 0.2 * one.to(kReal)}, 1);
    return trajectory;
  }

  /// Gradient of the expected `value` [3, 3] of the end, with both choices' logits in one vector.
  torch::Tensor exact_gradient(const torch::Tensor& value) const {
    const auto expected = (first.softmax(0).unsqueeze(1) * second.softmax(1) * value).sum();
    return in_one(torch::autograd::grad({expected}, {first, second}));
  }

  torch::Tensor value(Reward reward) const { return reward == Reward::correct ? at_end.gt(0.5).to(kReal) : at_end; }

  static torch::Tensor in_one(const std::vector<torch::Tensor>& gradients) {
    return torch::cat({gradients[0].flatten(), gradients[1].flatten()});
  }
};

/// Mean and total variance of an estimator's gradient over everything that can happen in M rollouts.
struct Moments {
  torch::Tensor mean;
  double variance;
};

Moments enumerate(const TwoChoices& problem, const Reinforce& estimator, std::int64_t rollouts) {
  const auto greedy = [&] { return choice_returns(estimator.reward, problem.play({1}).logits, problem.label); };
  const auto all = static_cast<std::int64_t>(std::pow(TwoChoices::kOutcomes, rollouts));
  const auto labels = problem.label.expand({rollouts});
  torch::Tensor mean = torch::zeros({12}, kReal);
  double square = 0;
  for (std::int64_t number = 0; number < all; ++number) {
    std::vector<std::int64_t> outcomes;
    for (std::int64_t rest = number, m = 0; m < rollouts; ++m, rest /= TwoChoices::kOutcomes) {
      outcomes.push_back(rest % TwoChoices::kOutcomes);
    }
    const GlimpseTrajectory trajectory = problem.play(outcomes);
    const auto returns = choice_returns(estimator.reward, trajectory.logits, labels);
    const auto loss = estimator.estimate({trajectory.log_probs, returns, trajectory.baselines, rollouts, greedy}).policy;
    const double probability = trajectory.log_probs.sum().exp().item<double>();
    const auto gradient = TwoChoices::in_one(torch::autograd::grad({loss}, {problem.first, problem.second}));
    mean += probability * gradient;
    square += probability * gradient.square().sum().item<double>();
  }
  return {mean, square - mean.square().sum().item<double>()};
}

TEST(ReinforceTest, ExpectedGradientIsThatOfTheExpectedRewardForEveryBaseline) {
  const TwoChoices problem;
  for (const Reward reward : {Reward::correct, Reward::probability_gain}) {
    const auto exact = problem.exact_gradient(problem.value(reward));
    for (const Baseline baseline : kBaselines) {
      const std::int64_t rollouts = baseline == Baseline::leave_one_out ? 2 : 1;
      const Moments moments = enumerate(problem, unbiased(baseline, reward), rollouts);
      // Of minus the reward, over two choices. All 9 or 81 outcomes are in the sum, so that rounding is all that differs.
      EXPECT_TRUE(torch::allclose(moments.mean, -exact / 2, 0, 1e-13)) << static_cast<int>(baseline);
    }
  }
}

/// Ordered draws of k of four elements without replacement, by number.
std::vector<std::vector<std::int64_t>> ordered_draws(std::int64_t k) {
  std::vector<std::vector<std::int64_t>> draws;
  for (std::int64_t first = 0; first < 4; ++first) {
    if (k == 1) draws.push_back({first});
    for (std::int64_t second = 0; k == 2 && second < 4; ++second) {
      if (first != second) draws.push_back({first, second});
    }
  }
  return draws;
}

/// What drawn elements are worth.
double worth_of_draw(const std::vector<std::int64_t>& draw) {
  double sum = 0;
  for (const std::int64_t element : draw) sum += static_cast<double>(element);
  return std::sin(1 + 2.5 * sum);
}

TEST(ReinforceTest, ExpectedGradientOfDrawnElementsIsExactForEveryBaseline) {
  const auto scores = torch::tensor({0.3, -0.5, 0.1, 0.7}, kReal).requires_grad_();
  for (const std::int64_t k : {1, 2}) {
    const auto draws = ordered_draws(k);
    const auto count = std::ssize(draws);
    const auto chosen = [&](std::int64_t draw) {
      return torch::tensor(draws[static_cast<std::size_t>(draw)], torch::kInt64);
    };
    std::vector<torch::Tensor> log_probs;
    std::vector<double> worths;
    for (std::int64_t draw = 0; draw < count; ++draw) {
      log_probs.push_back(draw_log_probs(scores, chosen(draw)));
      worths.push_back(worth_of_draw(draws[static_cast<std::size_t>(draw)]));
    }
    const auto all = torch::stack(log_probs), worth = torch::tensor(worths, kReal);
    const auto exact = torch::autograd::grad({(all.exp() * worth).sum()}, {scores}, {}, /*retain_graph=*/true)[0];
    for (const Baseline baseline : {Baseline::self_critical, Baseline::leave_one_out, Baseline::none}) {
      Reinforce estimator(ChoiceKind::elements);
      estimator.baseline = baseline;
      estimator.normalize = false;
      const std::int64_t rollouts = baseline == Baseline::leave_one_out ? 2 : 1;
      const auto greedy = [] { return torch::full({1, 1}, 0.25, kReal); };
      auto mean = torch::zeros({4}, kReal);
      for (std::int64_t number = 0; number < (rollouts == 2 ? count * count : count); ++number) {
        const auto drawn = rollouts == 2 ? torch::tensor({number / count, number % count}, torch::kInt64)
                                         : torch::tensor({number}, torch::kInt64);
        const auto drawn_log_probs = all.index_select(0, drawn).unsqueeze(1);
        const auto loss =
            estimator.estimate({drawn_log_probs, worth.index_select(0, drawn).unsqueeze(1), {}, rollouts, greedy});
        const double probability = drawn_log_probs.sum().exp().item<double>();
        mean += probability * torch::autograd::grad({loss.policy}, {scores}, {}, /*retain_graph=*/true)[0];
      }
      EXPECT_TRUE(torch::allclose(mean, -exact, 0, 1e-13)) << k << " elements, baseline " << static_cast<int>(baseline);
    }
  }
}

TEST(ReinforceTest, BaselinesLowerTheVariance) {
  const TwoChoices problem;
  for (const Reward reward : {Reward::correct, Reward::probability_gain}) {
    const double none = enumerate(problem, unbiased(Baseline::none, reward), 1).variance;
    EXPECT_LT(enumerate(problem, unbiased(Baseline::learned, reward), 1).variance, none);
    // Both of two rollouts.
    EXPECT_LT(enumerate(problem, unbiased(Baseline::leave_one_out, reward), 2).variance,
              enumerate(problem, unbiased(Baseline::none, reward), 2).variance);
  }
}

TEST(ReinforceTest, NormalizedGradientsDoNotDependOnTheSizeOfTheReward) {
  const FourRollouts four;
  const Reinforce estimator = reinforce_from("{baseline: leave_one_out, rollouts: 2}");
  const double plain = estimator.estimate(four.rollouts()).policy.item<double>();
  const double large = estimator.estimate({four.log_probs, 50 * four.returns + 3, {}, 2, no_pass}).policy.item<double>();
  EXPECT_NEAR(large, plain, 1e-5);  // but for the 1e-6 beside the deviation
}

/// One location drawn from a normal distribution in the plane, and what it is worth.
struct DrawnLocation {
  double mean_x = 0.1, mean_y = -0.2, standard_deviation = 0.3;

  /// Probability of the true class at a location: 1/2 plus 0.4 exp(-d^2 / (2 width^2)), d the distance to a target.
  static constexpr double kTargetX = 0.3, kTargetY = 0.2, kWidth = 0.35;

  static torch::Tensor worth(const torch::Tensor& locations) {
    const auto target = torch::tensor({kTargetX, kTargetY}, kReal);
    return 0.5 + 0.4 * (-(locations - target).square().sum(-1) / (2 * kWidth * kWidth)).exp();
  }

  /// The expectation's gradient with respect to the mean: the product of two normal densities is one of summed variances.
  std::pair<double, double> exact_gradient() const {
    const double variance = kWidth * kWidth + standard_deviation * standard_deviation;
    const double x = kTargetX - mean_x, y = kTargetY - mean_y;
    const double expected = 0.4 * kWidth * kWidth / variance * std::exp(-(x * x + y * y) / (2 * variance));
    return {expected * x / variance, expected * y / variance};
  }
};

/// Each image's own estimate of the gradient, [N, 2].
torch::Tensor estimates(const DrawnLocation& drawn, const Reinforce& estimator, std::int64_t images, std::int64_t rollouts) {
  const std::int64_t rows = images * rollouts;
  const auto mean = torch::tensor({drawn.mean_x, drawn.mean_y}, kReal);
  auto means = mean.expand({rows, 1, 2}).clone().requires_grad_();
  auto noise = torch::empty({rows, 1, 2}, kReal);
  RandomStream random(7, Purpose::test);
  for (double* value = noise.data_ptr<double>(); value != noise.data_ptr<double>() + noise.numel(); ++value) {
    *value = random.normal();
  }
  const auto locations = means.detach() + drawn.standard_deviation * noise;
  const auto seen = [&](const torch::Tensor& at) {  // nothing at first, then what there is to see
    const auto probability = DrawnLocation::worth(at);
    return TwoChoices::as_logits(torch::cat({torch::full_like(probability, 0.5), probability}, 1));
  };
  GlimpseTrajectory trajectory;
  trajectory.log_probs = -(locations - means).square().sum(2) / (2 * drawn.standard_deviation * drawn.standard_deviation);
  trajectory.logits = seen(locations);
  trajectory.baselines = torch::full({rows, 1}, 0.15, kReal);
  const auto labels = torch::zeros({images}, torch::kInt64);
  const auto returns = choice_returns(estimator.reward, trajectory.logits, labels.repeat_interleave(rollouts));
  const auto greedy = [&] { return choice_returns(estimator.reward, seen(mean.expand({images, 1, 2})), labels); };
  const auto loss = estimator.estimate({trajectory.log_probs, returns, trajectory.baselines, rollouts, greedy}).policy;
  const auto gradient = torch::autograd::grad({loss}, {means})[0];
  return -static_cast<double>(rows) * gradient.view({images, rollouts, 2}).mean(1);
}

TEST(ReinforceTest, AgreesWithTheExactGradientOfADrawnLocation) {
  const DrawnLocation drawn;
  const auto [exact_x, exact_y] = drawn.exact_gradient();
  const std::int64_t rollouts = 4, images = 10000;
  std::vector<double> variances;
  for (const Baseline baseline : kBaselines) {
    const auto samples = estimates(drawn, unbiased(baseline, Reward::probability_gain), images, rollouts);
    const auto mean = samples.mean(0);
    const auto error = samples.std(0) / std::sqrt(static_cast<double>(images));
    // The draws are always the same; of all seeds, one in 8000 would miss one of these bounds of four standard errors.
    EXPECT_NEAR(mean[0].item<double>(), exact_x, 4 * error[0].item<double>()) << static_cast<int>(baseline);
    EXPECT_NEAR(mean[1].item<double>(), exact_y, 4 * error[1].item<double>()) << static_cast<int>(baseline);
    EXPECT_LT(error.max().item<double>(), 0.03 * exact_x) << "the bound says little";
    variances.push_back(samples.var(0).sum().item<double>());
  }
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(variances[i], 0.8 * variances[3]) << static_cast<int>(kBaselines[i]);
}

TEST(ReinforceTest, OptionsAreThoseOfTheRecipe) {
  Reinforce estimator;
  EXPECT_EQ(
      write_fields(estimator),
      Json::parse(R"({"reward": "probability_gain", "rollouts": 1, "baseline": "learned", "normalize": true, "weight": 1.0,
                            "warmup_epochs": 3.0, "std": [0.2, 0.08], "frozen_fraction": 0.1, "frozen_std": 0.03})"));
  const NamedOptions<PolicyEstimator> field = policy_field();
  EXPECT_EQ(field.name(), "reinforce");
}

TEST(ReinforceTest, ElementsHaveNeitherAStandardDeviationNorALearnedBaseline) {
  Reinforce estimator(ChoiceKind::elements);
  EXPECT_EQ(write_fields(estimator),
            Json::parse(R"({"reward": "probability_gain", "rollouts": 1, "baseline": "self_critical", "normalize": true,
                            "weight": 1.0, "warmup_epochs": 3.0, "frozen_fraction": 0.1})"));
  EXPECT_THROW(read_fields(estimator, parse_yaml("{baseline: learned}", "test"), "train.policy"), InputError);
  EXPECT_THROW(read_fields(estimator, parse_yaml("{std: 0.1}", "test"), "train.policy"), InputError);
}

}  // namespace
}  // namespace fovea
