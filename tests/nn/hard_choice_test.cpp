#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/random.h>
#include <fovea/nn/hard_choice.h>

#include "gradient_check.h"

namespace fovea {
namespace {

constexpr auto kReal = torch::kFloat64;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// Scores of elements with the probabilities 1/10, 2/10, 3/10 and 4/10.
torch::Tensor four_scores() {
  return torch::tensor({1.0, 2.0, 3.0, 4.0}, kReal).log() + 5;
}

torch::Tensor chosen_pair(std::int64_t first, std::int64_t second) {
  return torch::tensor({first, second}, torch::kInt64);
}

TEST(HardChoiceTest, LogProbabilitiesAreThoseOfDrawsWithoutReplacement) {
  // 3/10, and then 1 of the remaining 7.
  EXPECT_NEAR(draw_log_probs(four_scores(), chosen_pair(2, 0)).item<double>(), std::log(0.3 / 7), 1e-12);
  double total = 0;
  for (std::int64_t first = 0; first < 4; ++first) {
    for (std::int64_t second = 0; second < 4; ++second) {
      if (first != second) total += draw_log_probs(four_scores(), chosen_pair(first, second)).exp().item<double>();
    }
  }
  EXPECT_NEAR(total, 1, 1e-12);
  const auto all = draw_log_probs(four_scores(), torch::tensor({3, 2, 1, 0}, torch::kInt64));
  EXPECT_NEAR(all.item<double>(), std::log(0.4 * 3 / 6 * 2 / 3), 1e-12) << "the last draw is certain";
}

TEST(HardChoiceTest, GradientsOfLogProbabilitiesMatchDifferences) {
  auto scores = torch::stack({four_scores(), four_scores().flip(0)}).view({2, 1, 4}).requires_grad_();
  const auto chosen = torch::tensor({{{2, 0, 1}}, {{3, 1, 0}}}, torch::kInt64);
  expect_gradients_match([&] { return draw_log_probs(scores, chosen); }, {{"scores", scores}});
}

TEST(HardChoiceTest, DrawsHaveTheirProbabilities) {
  constexpr std::int64_t kDraws = 20000;
  const auto draws = draw_elements(four_scores().expand({kDraws, 4}), 2, RandomStream(1, Purpose::test));
  std::map<std::pair<std::int64_t, std::int64_t>, double> counts;
  for (std::int64_t i = 0; i < kDraws; ++i) ++counts[{draws[i][0].item<std::int64_t>(), draws[i][1].item<std::int64_t>()}];
  EXPECT_EQ(counts.size(), 12U) << "every ordered pair, and none twice the same";
  for (const auto& [pair, count] : counts) {
    const double probability = draw_log_probs(four_scores(), chosen_pair(pair.first, pair.second)).exp().item<double>();
    const double error = std::sqrt(probability * (1 - probability) / kDraws);
    EXPECT_NEAR(count / kDraws, probability, 4 * error) << pair.first << ", " << pair.second;
  }
}

TEST(HardChoiceTest, DrawsFollowTheirStreamAndNeverTakeTheImpossible) {
  const auto scores = torch::tensor({0.0, -kInfinite, 0.0, -kInfinite, 0.0}, kReal).expand({100, 5});
  const auto draws = draw_elements(scores, 3, RandomStream(1, Purpose::test));
  EXPECT_TRUE(torch::equal(std::get<0>(draws.sort(1)), torch::tensor({0, 2, 4}, torch::kInt64).expand({100, 3})));
  EXPECT_TRUE(torch::equal(draw_elements(scores, 3, RandomStream(1, Purpose::test)), draws));
  EXPECT_FALSE(torch::equal(draw_elements(scores, 3, RandomStream(2, Purpose::test)), draws));
}

TEST(HardChoiceTest, TheCentreIsTheNearestElements) {
  const auto elements = [](std::int64_t height, std::int64_t width, std::int64_t k) {
    const auto tensor = central_elements(height, width, k);
    return std::vector<std::int64_t>(tensor.data_ptr<std::int64_t>(), tensor.data_ptr<std::int64_t>() + k);
  };
  EXPECT_EQ(elements(5, 7, 1), (std::vector<std::int64_t>{17}));
  EXPECT_EQ(elements(5, 7, 3), (std::vector<std::int64_t>{17, 10, 16}));
  EXPECT_EQ(elements(2, 2, 2), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(elements(1, 4, 4), (std::vector<std::int64_t>{1, 2, 0, 3}));
}

TEST(HardChoiceTest, TheMeanReadsTheChosenAlone) {
  const auto values = torch::tensor({1.0, 2.0, std::nan(""), std::nan(""), 5.0, 10.0}, kReal).view({1, 1, 3, 2});
  const auto mean = mean_of_chosen(values, torch::tensor({{{{2, 0}}}}, torch::kInt64));
  EXPECT_TRUE(torch::equal(mean, torch::tensor({3.0, 6.0}, kReal).view({1, 1, 1, 2})));
}

TEST(HardChoiceTest, TheMeanIsTheSumByItsWeights) {
  auto values = torch::empty({2, 3, 5, 4}, kReal);
  RandomStream random(1, Purpose::test);
  for (double* value = values.data_ptr<double>(); value != values.data_ptr<double>() + values.numel(); ++value) {
    *value = random.normal();
  }
  const auto chosen = draw_elements(torch::zeros({2, 3, 2, 5}, kReal), 3, RandomStream(2, Purpose::test));
  const auto weights = weights_of_chosen(chosen, 5, values.options());
  EXPECT_NEAR(weights.sum().item<double>(), 12, 1e-12);
  EXPECT_TRUE(torch::allclose(mean_of_chosen(values, chosen), torch::matmul(weights, values), 1e-12, 1e-12));
}

}  // namespace
}  // namespace fovea
