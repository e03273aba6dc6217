#include <gtest/gtest.h>

#include <fovea/eval/paired_counts.h>

namespace fovea {
namespace {

TEST(PairedCountsTest, TheExactTestOfFewImages) {
  // 4 of 4: 1/16. 5 of 5: 1/32. 7 of 8: 9/256 = 0.035. 6 of 8: 37/256 = 0.145.
  EXPECT_FALSE((PairedCounts{4, 0}).first_is_better());
  EXPECT_TRUE((PairedCounts{5, 0}).first_is_better());
  EXPECT_TRUE((PairedCounts{7, 1}).first_is_better());
  EXPECT_FALSE((PairedCounts{6, 2}).first_is_better());
}

TEST(PairedCountsTest, ManyImages) {
  // Of 1000 images 526 are 1.645 standard deviations, sqrt(1000) / 2 = 15.8, above a half.
  EXPECT_TRUE((PairedCounts{530, 470}).first_is_better());
  EXPECT_FALSE((PairedCounts{520, 480}).first_is_better());
  EXPECT_TRUE((PairedCounts{60000, 0}).first_is_better());
}

TEST(PairedCountsTest, EqualOrWorseIsNotBetter) {
  EXPECT_FALSE((PairedCounts{0, 0}).first_is_better());
  EXPECT_FALSE((PairedCounts{10, 10}).first_is_better());
  EXPECT_FALSE((PairedCounts{0, 50}).first_is_better());
}

}  // namespace
}  // namespace fovea
