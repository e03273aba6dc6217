#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/data/split.h>

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Indices sorted(Indices indices) {
  std::sort(indices.begin(), indices.end());
  return indices;
}

TEST(FirstIndicesTest, CountsUpToTheLimit) {
  EXPECT_THAT(first_indices(4, 0), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(first_indices(4, 2), ElementsAre(0, 1));
  EXPECT_THAT(first_indices(4, 9), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(first_indices(0, 0), IsEmpty());
  EXPECT_THAT(first_indices(0, 3), IsEmpty());
}

TEST(SplitValidationTest, RoundsTheFraction) {
  const auto validation_size = [](std::int64_t count, double fraction) {
    return split_validation(first_indices(count, 0), fraction, 1).validation.size();
  };
  EXPECT_EQ(validation_size(100, 0.1), 10U);
  EXPECT_EQ(validation_size(10, 0.26), 3U);
  EXPECT_EQ(validation_size(10, 0.24), 2U);
  EXPECT_EQ(validation_size(10, 0.0), 0U);
  EXPECT_EQ(validation_size(60000, 0.1), 6000U);
}

TEST(SplitValidationTest, KeepsAnImageForTraining) {
  EXPECT_EQ(split_validation(first_indices(3, 0), 0.99, 1).train.size(), 1U);
  EXPECT_THAT(split_validation({5}, 0.9, 1).train, ElementsAre(5));
  const TrainingSplit nothing = split_validation({}, 0.5, 1);
  EXPECT_THAT(nothing.train, IsEmpty());
  EXPECT_THAT(nothing.validation, IsEmpty());
}

TEST(SplitValidationTest, SharesNoIndex) {
  Indices indices;
  for (std::int64_t i = 0; i < 200; ++i) indices.push_back(3 * i + 1);
  const TrainingSplit split = split_validation(indices, 0.3, 7);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_TRUE(std::is_sorted(split.validation.begin(), split.validation.end()));
  Indices both = split.train;
  both.insert(both.end(), split.validation.begin(), split.validation.end());
  EXPECT_EQ(sorted(both), indices);  // each index in one of the two, once
}

TEST(SplitValidationTest, DependsOnTheSeedOnly) {
  const Indices indices = first_indices(1000, 0);
  const Indices first = split_validation(indices, 0.1, 1).validation;
  EXPECT_EQ(split_validation(indices, 0.1, 1).validation, first);
  const Indices second = split_validation(indices, 0.1, 2).validation;
  EXPECT_NE(second, first);

  // Two independent tenths of 1000 share 10 on average, with a standard deviation of 100 * 0.1 * 0.9 * 900 / 999 = 2.85^2.
  Indices common;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(common));
  EXPECT_LE(common.size(), 24U);  // 5 standard deviations
}

TEST(SplitValidationTest, ChoosesFromTheWholeSet) {
  // The mean of 500 of 0 ... 999, drawn without replacement, is 499.5 with a standard deviation of 9.1.
  const Indices validation = split_validation(first_indices(1000, 0), 0.5, 3).validation;
  double sum = 0;
  for (const std::int64_t index : validation) sum += static_cast<double>(index);
  EXPECT_NEAR(sum / static_cast<double>(validation.size()), 499.5, 5 * 9.1);
}

TEST(ShuffledTest, IsAPermutation) {
  const Indices indices = {3, 1, 4, 10, 5, 9, 2, 6};
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) EXPECT_EQ(sorted(shuffled_indices(indices, 0, epoch)), sorted(indices));
  EXPECT_THAT(shuffled_indices({}, 0, 0), IsEmpty());
  EXPECT_THAT(shuffled_indices({8}, 0, 0), ElementsAre(8));
}

TEST(ShuffledTest, DependsOnSeedAndEpoch) {
  const Indices indices = first_indices(100, 0);
  const Indices order = shuffled_indices(indices, 1, 1);
  EXPECT_EQ(shuffled_indices(indices, 1, 1), order);
  EXPECT_NE(order, indices);
  EXPECT_NE(shuffled_indices(indices, 1, 2), order);
  EXPECT_NE(shuffled_indices(indices, 2, 1), order);
  EXPECT_NE(shuffled_indices(indices, 2, 1), shuffled_indices(indices, 1, 2));
}

TEST(ShuffledTest, FavoursNoOrder) {
  constexpr int kEpochs = 6000;
  std::map<Indices, int> counts;
  for (int epoch = 0; epoch < kEpochs; ++epoch) ++counts[shuffled_indices({0, 1, 2}, 5, epoch)];
  ASSERT_EQ(counts.size(), 6U);
  const double sigma = std::sqrt(kEpochs * (1.0 / 6) * (5.0 / 6));
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, kEpochs / 6.0, 5 * sigma) << testing::PrintToString(order);
}

}  // namespace
}  // namespace fovea
