#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/policy/exploration.h>

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

ExplorationOptions exploration_from(const std::string& yaml) {
  ExplorationOptions options;
  read_fields(options, parse_yaml(yaml, "test"), "train.policy");
  return options;
}

struct ScheduleRow {
  double epoch;
  PolicyMode mode;
  double standard_deviation;
  bool trains_policy;
};

void expect_schedule(const ExplorationOptions& options, std::int64_t epochs, const std::vector<ScheduleRow>& rows) {
  for (const ScheduleRow& row : rows) {
    const Exploration exploration = options.at(row.epoch, epochs);
    EXPECT_EQ(exploration.mode, row.mode) << "epoch " << row.epoch;
    EXPECT_NEAR(exploration.standard_deviation, row.standard_deviation, 1e-12) << "epoch " << row.epoch;
    EXPECT_EQ(exploration.trains_policy, row.trains_policy) << "epoch " << row.epoch;
  }
}

TEST(ExplorationTest, FollowsTheRecipe) {
  // 60 epochs: 3 of warm-up; from 0.2 to 0.08 over the other 57, of which the last 6 have a frozen policy at 0.03.
  expect_schedule(ExplorationOptions(), 60,
                  {{0, PolicyMode::random, 0, false},
                   {2.999, PolicyMode::random, 0, false},
                   {3, PolicyMode::sample, 0.2, true},
                   {3 + 57.0 / 4, PolicyMode::sample, 0.17, true},
                   {3 + 57.0 / 2, PolicyMode::sample, 0.14, true},
                   {53.999, PolicyMode::sample, 0.2 - 0.12 * 50.999 / 57, true},
                   {54, PolicyMode::sample, 0.03, false},
                   {59.999, PolicyMode::sample, 0.03, false}});
}

TEST(ExplorationTest, EveryPhaseMayBeLeftOut) {
  expect_schedule(
      exploration_from("{warmup_epochs: 0, frozen_fraction: 0}"), 10,
      {{0, PolicyMode::sample, 0.2, true}, {5, PolicyMode::sample, 0.14, true}, {9.5, PolicyMode::sample, 0.086, true}});
  expect_schedule(exploration_from("{warmup_epochs: 10, frozen_fraction: 0}"), 10,
                  {{0, PolicyMode::random, 0, false}, {9.999, PolicyMode::random, 0, false}});
  expect_schedule(exploration_from("{warmup_epochs: 0, frozen_fraction: 1, frozen_std: 0.5}"), 10,
                  {{0, PolicyMode::sample, 0.5, false}, {9.999, PolicyMode::sample, 0.5, false}});
}

TEST(ExplorationTest, OneDeviationStays) {
  expect_schedule(
      exploration_from("{std: 0.11, warmup_epochs: 0.5}"), 2,
      {{0.49, PolicyMode::random, 0, false}, {0.5, PolicyMode::sample, 0.11, true}, {1.7, PolicyMode::sample, 0.11, true}});
}

TEST(ExplorationTest, TheFinalPhaseBeginsAtItsUpdateDespiteRounding) {
  // 1 - 0.7 is a little more than 0.3 in binary.
  expect_schedule(exploration_from("{warmup_epochs: 0, frozen_fraction: 0.7}"), 10, {{3, PolicyMode::sample, 0.03, false}});
  // 30 - 29.97 is a little more than 0.001 x 30.
  expect_schedule(exploration_from("{warmup_epochs: 0, frozen_fraction: 0.001}"), 30,
                  {{29.969, PolicyMode::sample, 0.2 - 0.12 * 29.969 / 30, true}, {29.97, PolicyMode::sample, 0.03, false}});
}

TEST(ExplorationTest, PhasesHaveToLeaveThePolicyTimeToLearn) {
  EXPECT_NO_THROW(ExplorationOptions().validate(4));  // 3 + 0.4
  EXPECT_THAT([] { ExplorationOptions().validate(3); },
              ThrowsMessage<InputError>(
                  StrEq("train.policy.warmup_epochs: expected less than train.epochs, 3, without the final phase of "
                        "train.policy.frozen_fraction, 0.1, got 3.0, which leaves no epoch in which the policy learns; "
                        "shorten the warm-up or the final phase, or train longer")));
  for (const char* nothing : {"{warmup_epochs: 100, frozen_fraction: 0}", "{warmup_epochs: 0, frozen_fraction: 1}",
                              "{warmup_epochs: 90, frozen_fraction: 0.1}", "{warmup_epochs: 1, frozen_fraction: 1}"}) {
    EXPECT_THROW(exploration_from(nothing).validate(100), InputError) << nothing;
  }
  EXPECT_NO_THROW(exploration_from("{warmup_epochs: 99.5, frozen_fraction: 0}").validate(100));
}

TEST(ExplorationTest, RefusesDeviationsThatAreNone) {
  for (const char* text : {"{std: 0}", "{std: [0.2, 1.1]}", "{std: [0.3, 0.2, 0.1]}", "{std: []}", "{frozen_std: 0}",
                           "{frozen_fraction: 1.5}", "{warmup_epochs: -1}"}) {
    EXPECT_THROW(exploration_from(text), InputError) << text;
  }
}

TEST(ExplorationTest, OptionsOutOfTheirRangeAreRefusedFromCpp) {
  for (const ExplorationOptions& options : {ExplorationOptions{.warmup_epochs = -1},
                                            {.standard_deviation = {}},
                                            {.standard_deviation = {0}},
                                            {.frozen_fraction = 2},
                                            {.frozen_standard_deviation = 0}}) {
    EXPECT_THROW(options.validate(10), InputError);
  }
}

TEST(ExplorationTest, EntropyIsThatOfTheNormalDistribution) {
  EXPECT_NEAR(location_entropy(1), 2.8378770664093453, 1e-12);  // 1 + log(2 pi)
  EXPECT_NEAR(location_entropy(0.5), 2.8378770664093453 - 2 * std::log(2.0), 1e-12);
}

}  // namespace
}  // namespace fovea
