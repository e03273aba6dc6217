#include <vector>

#include <gtest/gtest.h>

#include <fovea/eval/calibration_bin.h>

namespace fovea {
namespace {

TEST(CalibrationBinTest, ErrorWeighsEachGapByItsImages) {
  // Accuracy 0.5 against 0.9 for 10 images, 0.2 against 0.1 for 30: (10 * 0.4 + 30 * 0.1) / 40.
  EXPECT_NEAR(expected_calibration_error({{10, 5, 9.0}, {30, 6, 3.0}, {}}), 0.175, 1e-12);
}

TEST(CalibrationBinTest, ErrorIsZeroWhenCalibratedOrEmpty) {
  EXPECT_EQ(expected_calibration_error({{10, 5, 5.0}}), 0);
  EXPECT_EQ(expected_calibration_error({{}, {}}), 0);
  EXPECT_EQ(expected_calibration_error({}), 0);
}

}  // namespace
}  // namespace fovea
