#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/train/step_loss.h>

namespace fovea {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

TEST(StepLossTest, RisesLinearlyFromNothing) {
  EXPECT_THAT(step_weights(StepLoss::linear, 4), ElementsAre(0.0, DoubleEq(1.0 / 6), DoubleEq(2.0 / 6), DoubleEq(3.0 / 6)));
  EXPECT_THAT(step_weights(StepLoss::linear, 2), ElementsAre(0.0, 1.0));
}

TEST(StepLossTest, LastCountsTheLastStepAlone) {
  EXPECT_THAT(step_weights(StepLoss::last, 3), ElementsAre(0.0, 0.0, 1.0));
}

TEST(StepLossTest, ASingleStepCounts) {
  EXPECT_THAT(step_weights(StepLoss::linear, 1), ElementsAre(1.0));
  EXPECT_THAT(step_weights(StepLoss::last, 1), ElementsAre(1.0));
}

}  // namespace
}  // namespace fovea
