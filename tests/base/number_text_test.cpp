#include <limits>
#include <string>

#include <gtest/gtest.h>

#include <fovea/base/number_text.h>

namespace fovea {
namespace {

TEST(NumberTextTest, IsTheShortestThatReadsBack) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(-2.5), "-2.5");
  EXPECT_EQ(number_text(100000), "100000");
  EXPECT_EQ(number_text(1e-300), "1e-300");
  EXPECT_EQ(number_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(number_text(1 + std::numeric_limits<double>::epsilon()), "1.0000000000000002");
  EXPECT_EQ(number_text(std::numeric_limits<double>::lowest()), "-1.7976931348623157e+308");
  EXPECT_EQ(number_text(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(NumberTextTest, RoundsToTheNearest) {
  EXPECT_EQ(fixed_text(29.0 / 30, 4), "0.9667");
  EXPECT_EQ(fixed_text(1.0 / 3, 4), "0.3333");
  EXPECT_EQ(fixed_text(0, 4), "0.0000");
  EXPECT_EQ(fixed_text(0.99999, 4), "1.0000");
  EXPECT_EQ(fixed_text(-1e300, 0).size(), 302U);
  EXPECT_EQ(percent_text(29.0 / 30, 2), "96.67 %");
}

TEST(NumberTextTest, GroupsDigits) {
  EXPECT_EQ(grouped_digits(0), "0");
  EXPECT_EQ(grouped_digits(999), "999");
  EXPECT_EQ(grouped_digits(1234567), "1 234 567");
  EXPECT_EQ(grouped_digits(-123456), "-123 456");
}

}  // namespace
}  // namespace fovea
