#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/random.h>

namespace fovea {
namespace {

using ::testing::ElementsAre;

static_assert(std::uniform_random_bit_generator<RandomStream>);

constexpr int kDraws = 100'000;
constexpr double kSigmas =
    5;  // the streams are fixed; a right generator leaves a bound this wide once in 1.7 million choices

std::vector<std::uint64_t> first_draws(RandomStream stream, int count) {
  std::vector<std::uint64_t> draws;
  draws.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) draws.push_back(stream());
  return draws;
}

/// Half the width of the interval for the mean of kDraws independent values of this variance.
double mean_bound(double variance) {
  return kSigmas * std::sqrt(variance / kDraws);
}

TEST(RandomStreamTest, IsSplitMix64) {
  // The published numbers of SplitMix64 from state 1234567. The seed is the one whose stream starts in that state, found by
  // inverting the key's construction.
  EXPECT_THAT(first_draws(RandomStream(0xef96f6f200455125, Purpose::test), 5),
              ElementsAre(6457827717110365317U, 3203168211198807973U, 9817491932198370423U, 4593380528125082431U,
                          16408922859458223821U));
}

TEST(RandomStreamTest, KeepsItsNumbers) {
  // Computed outside fovea, from SplitMix64 and the way a key is absorbed: runs of older versions must stay repeatable.
  constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(first_draws(RandomStream(0, Purpose::initialise), 3),
              ElementsAre(0x3723c5d64f7a772d, 0x1ec6844f1a125fe3, 0xa3a0d12439ef5e53));
  EXPECT_THAT(first_draws(RandomStream(42, Purpose::shuffle, {5}), 3),
              ElementsAre(0xf5b02734231e878f, 0x95d8f4056f800707, 0x69f64ca871b74919));
  EXPECT_THAT(first_draws(RandomStream(42, Purpose::augment, {5, 17}), 3),
              ElementsAre(0xe95e954eab892327, 0x371fdd7a2f966b88, 0x667410e233bb16f));
  EXPECT_THAT(first_draws(RandomStream(kLast, Purpose::test, {0, kLast}), 3),
              ElementsAre(0x66f047a9300e3243, 0x2f58da2328b7c216, 0x93152910e941279f));
  EXPECT_EQ(RandomStream(42, Purpose::test).child(3)(), 0xbb6406a5dd13a607);
  EXPECT_EQ(RandomStream(42, Purpose::test).child("weight")(), 0x8aaa9535edf3da5c);
  RandomStream stream(42, Purpose::test);
  EXPECT_NEAR(stream.beta(0.2, 0.2), 0.9999990682197781, 1e-12);  // logarithms may differ in their last bits
  EXPECT_NEAR(stream.beta(1, 1), 0.8841748048666728, 1e-12);
  EXPECT_NEAR(stream.beta(3, 0.5), 0.5471569935147916, 1e-12);
}

TEST(RandomStreamTest, DoesNotDependOnOtherStreams) {
  const auto alone = first_draws(RandomStream(1, Purpose::test, {2}), 4);
  RandomStream other(1, Purpose::test, {1});
  RandomStream stream(1, Purpose::test, {2});
  std::vector<std::uint64_t> interleaved;
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k <= i; ++k) other();
    interleaved.push_back(stream());
  }
  EXPECT_EQ(interleaved, alone);
}

TEST(RandomStreamTest, EveryPartOfTheKeyMatters) {
  std::set<std::uint64_t> seen;
  std::size_t streams = 0;
  const auto add = [&](RandomStream stream) {
    seen.insert(stream());
    ++streams;
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const Purpose purpose :
         {Purpose::initialise, Purpose::split, Purpose::shuffle, Purpose::augment, Purpose::forward, Purpose::test}) {
      add(RandomStream(seed, purpose));
      for (std::uint64_t first = 0; first < 10; ++first) {
        add(RandomStream(seed, purpose, {first}));
        for (std::uint64_t second = 0; second < 10; ++second) add(RandomStream(seed, purpose, {first, second}));
      }
    }
  }
  EXPECT_EQ(seen.size(), streams);  // two of 6660 draws of 64 bits are equal by chance once in 10^12 choices
}

TEST(RandomStreamTest, SeedAndPurposeDoNotTradePlaces) {
  for (const auto& [left, right] :
       {std::pair{Purpose::split, Purpose::shuffle}, std::pair{Purpose::initialise, Purpose::test}}) {
    EXPECT_NE(RandomStream(static_cast<std::uint64_t>(left), right)(),
              RandomStream(static_cast<std::uint64_t>(right), left)());
  }
}

TEST(RandomStreamTest, CountersInTheKeyGiveUniformDraws) {
  double sum = 0;
  for (std::uint64_t sample = 0; sample < kDraws; ++sample) sum += RandomStream(0, Purpose::test, {sample}).uniform();
  EXPECT_NEAR(sum / kDraws, 0.5, mean_bound(1.0 / 12));
}

TEST(RandomStreamTest, UniformHasMeanAndVarianceOfItsInterval) {
  RandomStream stream(1, Purpose::test);
  double sum = 0;
  double squares = 0;
  double lag = 0;
  double previous = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
    squares += (value - 0.5) * (value - 0.5);
    if (i > 0) lag += (value - 0.5) * previous;
    previous = value - 0.5;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, mean_bound(1.0 / 12));
  EXPECT_NEAR(squares / kDraws, 1.0 / 12, mean_bound(1.0 / 180));  // E (u - 1/2)^4 - 1/12^2 = 1/80 - 1/144
  EXPECT_NEAR(lag / kDraws, 0.0, mean_bound(1.0 / 144));           // neighbours are independent
}

TEST(RandomStreamTest, BelowStaysBelow) {
  RandomStream stream(2, Purpose::test);
  for (const std::uint64_t bound : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{7}, (std::uint64_t{1} << 63) + 1,
                                    std::numeric_limits<std::uint64_t>::max()}) {
    for (int i = 0; i < 1000; ++i) ASSERT_LT(stream.below(bound), bound);
  }
}

TEST(RandomStreamTest, BelowFavoursNoResult) {
  RandomStream stream(3, Purpose::test);
  std::array<int, 7> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[stream.below(counts.size())];
  for (const int count : counts) EXPECT_NEAR(count / double{kDraws}, 1.0 / 7, mean_bound(1.0 / 7 * 6 / 7));
}

TEST(RandomStreamTest, BelowRejectsInsteadOfWrapping) {
  // A plain remainder would give results below 2^62 half of all draws, instead of a third.
  constexpr std::uint64_t kQuarter = std::uint64_t{1} << 62;
  RandomStream stream(4, Purpose::test);
  int low = 0;
  for (int i = 0; i < kDraws; ++i) low += stream.below(3 * kQuarter) < kQuarter ? 1 : 0;
  EXPECT_NEAR(low / double{kDraws}, 1.0 / 3, mean_bound(1.0 / 3 * 2 / 3));
}

TEST(RandomStreamTest, NormalHasTheMomentsOfTheNormalDistribution) {
  RandomStream stream(5, Purpose::test);
  std::array<double, 5> moments{};
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.normal();
    ASSERT_TRUE(std::isfinite(value));
    for (std::size_t power = 1; power < moments.size(); ++power) {
      moments[power] += std::pow(value, static_cast<double>(power)) / kDraws;
    }
  }
  // E x^k = 0, 1, 0, 3 and E x^2k = 1, 3, 15, 105 for k = 1 ... 4.
  EXPECT_NEAR(moments[1], 0.0, mean_bound(1));
  EXPECT_NEAR(moments[2], 1.0, mean_bound(3 - 1));
  EXPECT_NEAR(moments[3], 0.0, mean_bound(15));
  EXPECT_NEAR(moments[4], 3.0, mean_bound(105 - 9));
}

TEST(RandomStreamTest, UniformFillsItsRange) {
  RandomStream stream(9, Purpose::test);
  RandomStream same(9, Purpose::test);
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.uniform(-2, 6);
    ASSERT_EQ(value, -2 + 8 * same.uniform());
    sum += value;
  }
  EXPECT_NEAR(sum / kDraws, 2, mean_bound(64.0 / 12));
  EXPECT_EQ(stream.uniform(3, 3), 3);
}

TEST(RandomStreamTest, BetaHasTheMomentsOfTheBetaDistribution) {
  RandomStream stream(10, Purpose::test);
  for (const auto& [a, b] :
       {std::pair{0.01, 0.01}, {0.2, 0.2}, {1.0, 1.0}, {0.5, 3.0}, {2.0, 5.0}, {30.0, 0.3}, {400.0, 600.0}}) {
    std::array<double, 5> moments{};  // E x^k
    for (int i = 0; i < kDraws; ++i) {
      const double value = stream.beta(a, b);
      ASSERT_GE(value, 0.0);
      ASSERT_LE(value, 1.0);
      for (std::size_t power = 1; power < moments.size(); ++power) {
        moments[power] += std::pow(value, static_cast<double>(power)) / kDraws;
      }
    }
    std::array<double, 9> expected{1.0};  // E x^(k + 1) = E x^k (a + k) / (a + b + k)
    for (std::size_t k = 0; k + 1 < expected.size(); ++k) {
      const auto step = static_cast<double>(k);
      expected[k + 1] = expected[k] * (a + step) / (a + b + step);
    }
    for (std::size_t power = 1; power < moments.size(); ++power) {
      const double variance = expected[2 * power] - expected[power] * expected[power];
      EXPECT_NEAR(moments[power], expected[power], mean_bound(variance)) << "a " << a << ", b " << b << ", power " << power;
    }
  }
}

TEST(RandomStreamTest, BetaFollowsItsDistributionFunction) {
  // Those that have a closed form: x^a for b = 1, and the arcsine distribution.
  const auto power = [](double a) { return [a](double x) { return std::pow(x, a); }; };
  const auto arcsine = [](double x) { return 2 / std::numbers::pi * std::asin(std::sqrt(x)); };
  const std::vector<std::tuple<double, double, std::function<double(double)>>> cases{
      {0.1, 1, power(0.1)}, {1, 1, power(1)}, {3, 1, power(3)}, {0.5, 0.5, arcsine}};
  RandomStream stream(11, Purpose::test);
  for (const auto& [a, b, distribution] : cases) {
    std::array<int, 9> below{};
    for (int i = 0; i < kDraws; ++i) {
      const double value = stream.beta(a, b);
      for (std::size_t k = 0; k < below.size(); ++k) below[k] += value < 0.1 * static_cast<double>(k + 1) ? 1 : 0;
    }
    for (std::size_t k = 0; k < below.size(); ++k) {
      const double expected = distribution(0.1 * static_cast<double>(k + 1));
      EXPECT_NEAR(below[k] / double{kDraws}, expected, mean_bound(expected * (1 - expected))) << a << ' ' << b << ' ' << k;
    }
  }
}

TEST(RandomStreamTest, BetaOfTheSmallestParametersIsACoin) {
  RandomStream stream(12, Purpose::test);
  int heads = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.beta(1e-300, 1e-300);
    ASSERT_TRUE(value == 0 || value == 1) << value;
    heads += value == 1 ? 1 : 0;
  }
  EXPECT_NEAR(heads / double{kDraws}, 0.5, mean_bound(0.25));
}

TEST(RandomStreamTest, ChanceIsAProbability) {
  RandomStream stream(6, Purpose::test);
  int hits = 0;
  for (int i = 0; i < kDraws; ++i) {
    ASSERT_FALSE(stream.chance(0));
    ASSERT_TRUE(stream.chance(1));
    hits += stream.chance(0.2) ? 1 : 0;
  }
  EXPECT_NEAR(hits / double{kDraws}, 0.2, mean_bound(0.2 * 0.8));
}

TEST(RandomStreamTest, DrawingFromAChildLeavesTheParent) {
  RandomStream parent(7, Purpose::test);
  const auto expected = first_draws(parent, 3);
  RandomStream child = parent.child("layer");
  child();
  EXPECT_EQ(first_draws(parent, 3), expected);
}

TEST(RandomStreamTest, ChildrenDiffer) {
  const RandomStream parent(8, Purpose::test);
  std::set<std::uint64_t> seen{first_draws(parent, 1)[0]};
  for (std::uint64_t part = 0; part < 100; ++part) seen.insert(parent.child(part)());
  for (const char* name : {"", "a", "b", "ab", "ba", "conv1.weight", "conv2.weight"}) seen.insert(parent.child(name)());
  seen.insert(parent.child("a").child("b")());
  seen.insert(parent.child("b").child("a")());
  seen.insert(RandomStream(9, Purpose::test).child("a")());
  EXPECT_EQ(seen.size(), 1U + 100U + 7U + 3U);
  EXPECT_EQ(parent.child("a")(), parent.child("a")());
}

}  // namespace
}  // namespace fovea
