#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/policy/returns.h>

namespace fovea {
namespace {

/// Two rollouts of three steps and two classes. The probabilities of class 0 are 1/2, 1/5, 3/4 and 1/2, 9/10, 1/4.
torch::Tensor six_logits() {
  const auto probability = torch::tensor({{0.5, 0.2, 0.75}, {0.5, 0.9, 0.25}}, torch::kFloat64);
  return torch::stack({probability.log(), (1 - probability).log()}, 2);
}

TEST(ReturnsTest, ProbabilityGainIsTheRiseFromTheChoiceToTheEnd) {
  const auto labels = torch::tensor({0, 1}, torch::kInt64);
  const auto expected = torch::tensor({{0.75 - 0.5, 0.75 - 0.2}, {0.75 - 0.5, 0.75 - 0.1}}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(choice_returns(Reward::probability_gain, six_logits(), labels), expected, 0, 1e-15));
}

TEST(ReturnsTest, CorrectIsOneForTheRightClassAtTheEnd) {
  const auto returns = [](std::int64_t first, std::int64_t second) {
    return choice_returns(Reward::correct, six_logits(), torch::tensor({first, second}, torch::kInt64));
  };
  EXPECT_TRUE(torch::equal(returns(0, 0), torch::tensor({{1.0, 1.0}, {0.0, 0.0}}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(returns(1, 1), torch::tensor({{0.0, 0.0}, {1.0, 1.0}}, torch::kFloat64)));
}

TEST(ReturnsTest, OfTheEndAloneAreTheTruthOrItsProbability) {
  const auto logits = torch::tensor({{std::log(0.2), std::log(0.8)}, {std::log(0.6), std::log(0.4)}}, torch::kFloat64);
  const auto labels = torch::tensor({1, 1}, torch::kInt64);
  EXPECT_TRUE(torch::equal(final_returns(Reward::correct, logits, labels), torch::tensor({{1.0}, {0.0}}, torch::kFloat64)));
  EXPECT_TRUE(torch::allclose(final_returns(Reward::probability_gain, logits, labels),
                              torch::tensor({{0.8}, {0.4}}, torch::kFloat64), 0, 1e-12));
}

TEST(ReturnsTest, HaveNoGradient) {
  const auto logits = six_logits().requires_grad_();
  for (const Reward reward : {Reward::correct, Reward::probability_gain}) {
    EXPECT_FALSE(choice_returns(reward, logits, torch::tensor({0, 1}, torch::kInt64)).requires_grad());
  }
}

TEST(ReturnsTest, AStepWithoutAChoiceHasNone) {
  for (const Reward reward : {Reward::correct, Reward::probability_gain}) {
    const auto returns = choice_returns(reward, six_logits().slice(1, 0, 1), torch::tensor({0, 1}, torch::kInt64));
    EXPECT_EQ(returns.sizes(), (std::vector<std::int64_t>{2, 0}));
  }
}

}  // namespace
}  // namespace fovea
