#include <cstdint>

#include <gtest/gtest.h>

#include <fovea/eval/interval.h>

namespace fovea {
namespace {

void expect_interval(std::int64_t count, std::int64_t total, double low, double high) {
  SCOPED_TRACE(testing::Message() << count << " of " << total);
  const Interval interval = wilson_interval({count, total});
  EXPECT_NEAR(interval.low, low, 5e-5);  // the tables have four digits
  EXPECT_NEAR(interval.high, high, 5e-5);
}

// Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
TEST(WilsonIntervalTest, HasThePublishedValues) {
  expect_interval(81, 263, 0.2553, 0.3662);
  expect_interval(15, 148, 0.0624, 0.1605);
  expect_interval(0, 20, 0, 0.1611);
  expect_interval(1, 29, 0.0061, 0.1718);
}

// By hand: (29 + 1.92073 -+ 1.95996 sqrt(29 / 30 + 0.96036)) / 33.84146, and z^2 / (n + z^2) = 3.84146 / 13.84146.
TEST(WilsonIntervalTest, HasTheValuesOfItsFormula) {
  expect_interval(29, 30, 0.8333, 0.9941);
  expect_interval(0, 10, 0, 0.2775);
  expect_interval(10, 10, 0.7225, 1);
}

TEST(WilsonIntervalTest, EndsExactlyAtNoneAndAll) {
  for (const std::int64_t total : {1, 3, 10, 10000}) {
    EXPECT_EQ(wilson_interval({0, total}).low, 0.0);
    EXPECT_EQ(wilson_interval({total, total}).high, 1.0);
  }
}

TEST(WilsonIntervalTest, NothingIsKnownWithoutImages) {
  EXPECT_EQ(wilson_interval({0, 0}).low, 0.0);
  EXPECT_EQ(wilson_interval({0, 0}).high, 1.0);
}

}  // namespace
}  // namespace fovea
