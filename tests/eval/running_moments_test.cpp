#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/base/random.h>
#include <fovea/eval/running_moments.h>

namespace fovea {
namespace {

RunningMoments moments_of(const std::vector<double>& numbers) {
  RunningMoments moments;
  for (const double number : numbers) moments.add(number);
  return moments;
}

TEST(RunningMomentsTest, ByHand) {
  // Mean 5, squared distances 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, over 8 numbers.
  EXPECT_DOUBLE_EQ(moments_of({2, 4, 4, 4, 5, 5, 7, 9}).mean(), 5.0);
  EXPECT_DOUBLE_EQ(moments_of({2, 4, 4, 4, 5, 5, 7, 9}).standard_deviation(), 2.0);
  EXPECT_EQ(moments_of({}).mean(), 0.0);
  EXPECT_EQ(moments_of({}).standard_deviation(), 0.0);
  EXPECT_EQ(moments_of({3.7}).standard_deviation(), 0.0);
  EXPECT_EQ(moments_of({0.1, 0.1, 0.1}).mean(), 0.1);  // exactly, which a sum of three would miss
  EXPECT_EQ(moments_of({0.1, 0.1, 0.1}).standard_deviation(), 0.0);
}

TEST(RunningMomentsTest, FarFromZeroNothingIsLost) {
  // E[x^2] - E[x]^2 would subtract numbers of 1e18, whose last digit is worth 128.
  EXPECT_DOUBLE_EQ(moments_of({1e9 - 1, 1e9, 1e9 + 1}).standard_deviation(), std::sqrt(2.0 / 3));
}

TEST(RunningMomentsTest, PartsOfAnySizeGiveTheWhole) {
  RandomStream random(1, Purpose::test);
  std::vector<double> numbers;
  RunningMoments parts;
  for (const int size : {0, 1, 7, 0, 50, 2}) {
    std::vector<double> part;
    for (int i = 0; i < size; ++i) part.push_back(1e3 * size + random.normal());  // parts far apart
    numbers.insert(numbers.end(), part.begin(), part.end());
    parts.add(moments_of(part));
  }
  const RunningMoments whole = moments_of(numbers);
  ASSERT_GT(whole.standard_deviation(), 1e3);
  const double rounding = 1e-9 * whole.mean();  // of about 60 sums
  EXPECT_NEAR(parts.mean(), whole.mean(), rounding);
  EXPECT_NEAR(parts.standard_deviation(), whole.standard_deviation(), rounding);
}

}  // namespace
}  // namespace fovea
