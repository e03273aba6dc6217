#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/draw/ticks.h>

namespace fovea {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TicksTest, StepsAreOneTwoOrFive) {
  EXPECT_THAT(round_ticks({0, 1}, 3).values, ElementsAre(0, 0.5, 1));
  EXPECT_THAT(round_ticks({0, 1}, 6).values, ElementsAre(0, DoubleEq(0.2), DoubleEq(0.4), DoubleEq(0.6), DoubleEq(0.8), 1));
  EXPECT_THAT(round_ticks({0, 1}, 5).values, ElementsAre(0, 0.5, 1));
  EXPECT_THAT(round_ticks({1, 300}, 8).values, ElementsAre(50, 100, 150, 200, 250, 300));
  EXPECT_THAT(round_ticks({-3, 12}, 5).values, ElementsAre(0, 5, 10));
  EXPECT_THAT(round_ticks({0.1, 0.3}, 3).values,
              ElementsAre(DoubleNear(0.1, 1e-12), DoubleNear(0.2, 1e-12), DoubleNear(0.3, 1e-12)));
}

TEST(TicksTest, NumbersThatCountHaveNoFractions) {
  EXPECT_THAT(round_ticks({0, 2}, 9, 1).values, ElementsAre(0, 1, 2));
  EXPECT_THAT(round_ticks({7, 7}, 9, 1).values, ElementsAre(7));
  EXPECT_EQ(round_ticks({0, 2}, 9, 1).step, 1);
  EXPECT_EQ(round_ticks({0, 10}, 20, 3).step, 5);
}

TEST(TicksTest, NothingRoundInside) {
  EXPECT_THAT(round_ticks({0.4, 0.6}, 5, 1).values, IsEmpty());
}

TEST(TicksTest, EnclosingTicksHoldTheRange) {
  EXPECT_THAT(enclosing_ticks({0.3, 1.9}, 6).values, ElementsAre(0, 0.5, 1, 1.5, 2));
  EXPECT_THAT(enclosing_ticks({0, 1}, 3).values, ElementsAre(0, 0.5, 1));
  EXPECT_THAT(enclosing_ticks({-0.03, 0.03}, 4).values,
              ElementsAre(DoubleEq(-0.04), DoubleEq(-0.02), 0, DoubleEq(0.02), DoubleEq(0.04)));
}

TEST(TicksTest, AnyRangeGetsTicksThatAreMultiplesOfTheirStep) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> digits(-10, 10);
  std::uniform_int_distribution<int> places(-30, 30);
  for (int round = 0; round < 2000; ++round) {
    const double one = digits(random) * std::pow(10, places(random));
    const double other = round % 10 == 0 ? one : digits(random) * std::pow(10, places(random));
    const ValueRange range{std::min(one, other), std::max(one, other)};
    const int most = 2 + round % 9;
    SCOPED_TRACE(testing::Message() << range.low << " to " << range.high << ", " << most);

    const Ticks inside = round_ticks(range, most);
    ASSERT_LE(inside.values.size(), static_cast<std::size_t>(most));
    const Ticks around = enclosing_ticks(range, most);
    ASSERT_GE(around.values.size(), 2U);
    ASSERT_LE(around.values.size(), static_cast<std::size_t>(most + 2));
    const double slack = 1e-8 * around.step;
    ASSERT_LE(around.values.front(), range.low + slack);
    ASSERT_GE(around.values.back(), range.high - slack);
    for (const double value : inside.values) {
      ASSERT_GE(value, range.low - slack);
      ASSERT_LE(value, range.high + slack);
    }
  }
}

TEST(TicksTest, RangesNarrowerThanADoubleEnd) {
  const double large = 1e17;
  EXPECT_LE(round_ticks({large, std::nextafter(large, 1e18)}, 5).values.size(), 5U);
  EXPECT_LE(round_ticks({0, std::numeric_limits<double>::denorm_min()}, 5).values.size(), 5U);
  EXPECT_GE(enclosing_ticks({large, large}, 5).values.size(), 2U);
}

TEST(TicksTest, RefusesWhatIsNoRange) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THROW(round_ticks({1, 0}, 5), InputError);
  EXPECT_THROW(round_ticks({std::nan(""), 0}, 5), InputError);
  EXPECT_THROW(round_ticks({0, infinity}, 5), InputError);
  EXPECT_THROW(enclosing_ticks({-infinity, 0}, 5), InputError);
  EXPECT_THROW(round_ticks({-1e308, 1e308}, 5), InputError);
}

TEST(NumberTextTest, HasTheDigitsOfItsStep) {
  EXPECT_EQ(number_text(0.5, 0.5), "0.5");
  EXPECT_EQ(number_text(0.5, 0.25), "0.5");
  EXPECT_EQ(number_text(0.5, 0.05), "0.50");
  EXPECT_EQ(number_text(0, 0.1), "0.0");
  EXPECT_EQ(number_text(100, 20), "100");
  EXPECT_EQ(number_text(-2.5, 0.5), "-2.5");
  EXPECT_EQ(number_text(0.8347, 0.001), "0.835");
  EXPECT_EQ(number_text(999999, 1), "999999");
}

TEST(NumberTextTest, WritesExtremesWithExponents) {
  EXPECT_EQ(number_text(3e-7, 1e-7), "3e-7");
  EXPECT_EQ(number_text(1.5e-5, 5e-6), "1.5e-5");
  EXPECT_EQ(number_text(0, 5e-6), "0");
  EXPECT_EQ(number_text(2e6, 5e5), "2.0e6");
  EXPECT_EQ(number_text(1e30, 1e30), "1e30");
}

TEST(NumberTextTest, NamesWhatIsNoNumber) {
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity(), 1), "inf");
  EXPECT_EQ(number_text(-std::numeric_limits<double>::infinity(), 1), "-inf");
  EXPECT_EQ(number_text(std::nan(""), 1), "nan");
}

TEST(NumberTextTest, NeverWritesMinusZero) {
  EXPECT_EQ(number_text(-0.0, 0.1), "0.0");
  EXPECT_EQ(number_text(-0.004, 0.1), "0.0");
  EXPECT_EQ(number_text(-1e-18, 1e-7), "0");
}

TEST(ShortNumberTextTest, NumbersOfOneRangeHaveTheSameDecimals) {
  EXPECT_EQ(short_number_text(0, {0, 1}), "0.00");
  EXPECT_EQ(short_number_text(0.5, {0, 1}), "0.50");
  EXPECT_EQ(short_number_text(1, {0, 1}), "1.00");
  EXPECT_EQ(short_number_text(0.01234, {0.01234, 0.4567}), "0.012");
  EXPECT_EQ(short_number_text(0.4567, {0.01234, 0.4567}), "0.457");
  EXPECT_EQ(short_number_text(100, {0, 100}), "100");
  EXPECT_EQ(short_number_text(12345, {0, 12345}), "12345");
  EXPECT_EQ(short_number_text(2e7, {0, 2e7}), "2.00e7");
  EXPECT_EQ(short_number_text(0.7, {0.7, 0.7}), "0.700");
  EXPECT_EQ(short_number_text(0, {0, 0}), "0.00");
  EXPECT_EQ(short_number_text(-1e-9, {-1e-9, 1}), "0.00");
  // The Grad-CAM of two layers, in one picture.
  EXPECT_EQ(short_number_text(0, {0, 8.95e-4}), "0.000000");
  EXPECT_EQ(short_number_text(8.95e-4, {0, 8.95e-4}), "0.000895");
  EXPECT_EQ(short_number_text(0.0172, {0, 0.0172}), "0.0172");
  EXPECT_EQ(short_number_text(0, {0, 5e-9}), "0.00e0");
  EXPECT_EQ(short_number_text(5e-9, {0, 5e-9}), "5.00e-9");
}

}  // namespace
}  // namespace fovea
