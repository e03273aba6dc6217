#include <cmath>

#include <gtest/gtest.h>

#include <fovea/train/schedule.h>

namespace fovea {
namespace {

std::vector<double> factors(const std::string& yaml, std::int64_t updates_per_epoch, std::int64_t epochs) {
  auto schedule = schedule_field();
  schedule.read(parse_yaml(yaml, "test"), "train.schedule");
  std::vector<double> values;
  for (std::int64_t update = 0; update < updates_per_epoch * epochs; ++update) {
    values.push_back(schedule->factor({update, updates_per_epoch, epochs}));
  }
  return values;
}

void expect_factors(const std::vector<double>& got, const std::vector<double>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-12) << "update " << i;
}

TEST(ScheduleTest, ConstantIsOne) {
  expect_factors(factors("constant", 2, 2), {1, 1, 1, 1});
}

TEST(ScheduleTest, CosineFallsFromOneTowardsZero) {
  // 4 updates: half a cosine at 0, 1/4, 2/4, 3/4 of the way.
  const double root = std::sqrt(0.5);
  expect_factors(factors("cosine", 2, 2), {1, (1 + root) / 2, 0.5, (1 - root) / 2});
}

TEST(ScheduleTest, CosineEndsAtFinalFactor) {
  expect_factors(factors("{name: cosine, final_factor: 0.5}", 1, 2), {1, 0.75});
}

TEST(ScheduleTest, WarmupRisesLinearlyAndThenCosineTakesTheRest) {
  // Warm-up over one epoch of 4 updates: 1/4, 2/4, 3/4, then full; the cosine runs over the second epoch.
  const double root = std::sqrt(0.5);
  expect_factors(factors("{name: cosine, warmup_epochs: 1}", 4, 2),
                 {0.25, 0.5, 0.75, 1, 1, (1 + root) / 2, 0.5, (1 - root) / 2});
}

TEST(ScheduleTest, StepMultipliesAtEveryBoundary) {
  expect_factors(factors("{name: step, every_epochs: 1, decay: 0.1}", 2, 3), {1, 1, 0.1, 0.1, 0.01, 0.01});
}

TEST(ScheduleTest, WarmupLongerThanTrainingNeverReachesOne) {
  expect_factors(factors("{name: cosine, warmup_epochs: 4}", 1, 2), {0.25, 0.5});
}

}  // namespace
}  // namespace fovea
