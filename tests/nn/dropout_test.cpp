#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/dropout.h>
#include <fovea/nn/initialise.h>

#include "gradient_check.h"

namespace fovea {
namespace {

const RandomStream kDropStream(11, Purpose::test);

torch::Tensor factors_of(torch::IntArrayRef shape, double probability, const RandomStream& stream = kDropStream) {
  return dropout_mask(shape, probability, stream, torch::kFloat64);
}

TEST(KeepFactorsTest, FollowTheStreamInRowMajorOrder) {
  for (const double probability : {0.0, 0.5, 0.75}) {  // 1 / (1 - probability) is exact
    const auto factors = factors_of({3, 4}, probability);
    RandomStream stream = kDropStream;
    for (std::int64_t row = 0; row < 3; ++row) {
      for (std::int64_t column = 0; column < 4; ++column) {
        const double expected = stream.uniform() < probability ? 0.0 : 1 / (1 - probability);
        EXPECT_EQ(factors[row][column].item<double>(), expected) << row << ", " << column;
      }
    }
  }
}

TEST(KeepFactorsTest, HaveTheTypeThatIsAskedFor) {
  for (const auto type : {torch::kFloat16, torch::kFloat32, torch::kFloat64}) {
    const auto factors = dropout_mask({50}, 0.2, kDropStream, type);
    EXPECT_EQ(factors.scalar_type(), type);
    EXPECT_TRUE(torch::equal(factors, factors_of({50}, 0.2).to(type))) << "another type draws the same";
  }
}

// The number of dropped among n is binomial, with standard deviation sqrt(n p (1 - p)). Five of them are passed by a fair
// stream once in 1.7 million; this stream is always the same one.
TEST(KeepFactorsTest, AreDroppedAsOftenAsAskedAndHaveMeanOne) {
  constexpr std::int64_t kDraws = 200'000;
  for (const double probability : {0.05, 0.3, 0.5, 0.9}) {
    const auto factors = factors_of({kDraws}, probability);
    const double deviation = 5 * std::sqrt(kDraws * probability * (1 - probability));
    EXPECT_NEAR(factors.eq(0).sum().item<double>(), kDraws * probability, deviation) << probability;
    // The sum is the number of kept ones over 1 - probability.
    EXPECT_NEAR(factors.mean().item<double>(), 1, deviation / kDraws / (1 - probability)) << probability;
    EXPECT_TRUE(factors.ne(0).logical_and(factors.ne(1 / (1 - probability))).sum().item<double>() == 0) << probability;
  }
}

// Pairs that are both dropped: binomial with probability p^2, bound as above.
TEST(KeepFactorsTest, NeighboursAreIndependent) {
  constexpr std::int64_t kPairs = 100'000;
  const double both = 0.3 * 0.3;
  const auto dropped = factors_of({kPairs, 2}, 0.3).eq(0);
  EXPECT_NEAR(dropped.all(1).sum().item<double>(), kPairs * both, 5 * std::sqrt(kPairs * both * (1 - both)));
}

TEST(DropoutTest, MultipliesEveryFeatureWithAFactorOfItsOwn) {
  const auto features = torch::arange(1, 25, torch::kFloat64).view({2, 3, 4});
  EXPECT_TRUE(torch::equal(apply_dropout(features, 0.5, kDropStream), features * factors_of({2, 3, 4}, 0.5)));
  const auto turned = features.permute({2, 0, 1});  // another layout in memory
  EXPECT_TRUE(torch::equal(apply_dropout(turned, 0.5, kDropStream), turned * factors_of({4, 2, 3}, 0.5)));
}

TEST(DropoutTest, TheSameStreamDropsTheSame) {
  const auto features = torch::ones({5, 40});
  const auto once = apply_dropout(features, 0.5, kDropStream);
  EXPECT_TRUE(torch::equal(apply_dropout(features, 0.5, kDropStream), once));
  EXPECT_FALSE(torch::equal(apply_dropout(features, 0.5, kDropStream.child("other")), once));
}

TEST(DropoutTest, WithoutDropsTheFeaturesThemselvesComeBack) {
  const auto features = torch::ones({5, 40});
  EXPECT_TRUE(apply_dropout(features, 0, kDropStream).is_same(features));
}

TEST(DropoutTest, GradientsMatchDifferences) {
  auto features = torch::empty({3, 4}, torch::kFloat64);
  fill_normal(features, kDropStream.child("features"), 1.0);
  features.requires_grad_();
  expect_gradients_match([&] { return apply_dropout(features, 0.4, kDropStream); }, {{"features", features}});
  apply_dropout(features, 0.4, kDropStream).sum().backward();
  EXPECT_TRUE(torch::equal(features.grad(), factors_of({3, 4}, 0.4)));
}

}  // namespace
}  // namespace fovea
