#include <gtest/gtest.h>

#include <fovea/eval/fraction.h>

namespace fovea {
namespace {

TEST(FractionTest, ExceedsBeyondTheNoiseOfItsSamples) {
  // 0.9 against 0.8 of 100: pooled 0.85, deviation sqrt(0.85 x 0.15 x 2 / 100) = 0.0505, of which 1.645 are 0.0831.
  EXPECT_TRUE(exceeds_beyond_noise({90, 100}, {80, 100}));
  // 0.88 against 0.8: pooled 0.84, deviation 0.0518, of which 1.645 are 0.0853.
  EXPECT_FALSE(exceeds_beyond_noise({88, 100}, {80, 100}));
  EXPECT_TRUE(exceeds_beyond_noise({880, 1000}, {800, 1000}));
  EXPECT_FALSE(exceeds_beyond_noise({80, 100}, {90, 100}));
}

TEST(FractionTest, NothingExceedsItsEqualOrWhatIsUnknown) {
  for (const std::int64_t count : {0, 50, 100}) EXPECT_FALSE(exceeds_beyond_noise({count, 100}, {count, 100})) << count;
  EXPECT_FALSE(exceeds_beyond_noise({9, 9}, {0, 0}));
  EXPECT_FALSE(exceeds_beyond_noise({0, 0}, {0, 9}));
  EXPECT_TRUE(exceeds_beyond_noise({9, 9}, {0, 9}));
}

}  // namespace
}  // namespace fovea
