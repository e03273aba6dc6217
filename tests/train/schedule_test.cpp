#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/config/config_node.h>
#include <fovea/train/schedule.h>

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Scores = std::vector<ValidationScore>;

NamedOptions<Schedule> schedule_of(const std::string& yaml) {
  auto schedule = schedule_field();
  schedule.read(parse_yaml(yaml, "test"), "train.schedule");
  return schedule;
}

/// The factor of every update of a training. @param scores of its epochs, seen by the updates after each.
std::vector<double> factors(const std::string& yaml, std::int64_t updates_per_epoch, std::int64_t epochs,
                            const Scores& scores = {}) {
  const auto schedule = schedule_of(yaml);
  std::vector<double> values;
  for (std::int64_t update = 0; update < updates_per_epoch * epochs; ++update) {
    const auto finished = static_cast<std::size_t>(update / updates_per_epoch);
    const auto seen = std::span(scores).first(std::min(scores.size(), finished));
    values.push_back(schedule->factor({update, updates_per_epoch, epochs, seen}));
  }
  return values;
}

/// Message of the schedule about a training of so many epochs, or "".
std::string complaint(const std::string& yaml, std::int64_t epochs) {
  try {
    schedule_of(yaml)->validate(epochs);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

void expect_factors(const std::vector<double>& got, const std::vector<double>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-12) << "update " << i;
}

Scores with_losses(const std::vector<double>& losses) {
  Scores scores;
  for (const double loss : losses) scores.push_back({.loss = loss, .top1 = 0.5});
  return scores;
}

Scores with_top1(const std::vector<double>& shares) {
  Scores scores;
  for (const double share : shares) scores.push_back({.loss = 1, .top1 = share});
  return scores;
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
  expect_factors(factors("{name: cosine, min_factor: 0.5}", 1, 2), {1, 0.75});
}

TEST(ScheduleTest, WarmupRisesLinearlyAndThenCosineTakesTheRest) {
  // Warm-up over one epoch of 4 updates: 1/4, 2/4, 3/4, then full; the cosine runs over the second epoch.
  const double root = std::sqrt(0.5);
  expect_factors(factors("{name: cosine, warmup_epochs: 1}", 4, 2),
                 {0.25, 0.5, 0.75, 1, 1, (1 + root) / 2, 0.5, (1 - root) / 2});
}

TEST(ScheduleTest, StepMultipliesAtEveryBoundary) {
  expect_factors(factors("{name: step, step_size: 1, gamma: 0.1}", 2, 3), {1, 1, 0.1, 0.1, 0.01, 0.01});
}

TEST(ScheduleTest, WarmupLongerThanTrainingNeverReachesOne) {
  expect_factors(factors("{name: cosine, warmup_epochs: 4}", 1, 2), {0.25, 0.5});
}

TEST(ScheduleTest, WarmupLongerThanTrainingIsRefused) {
  for (const std::string name : {"cosine", "step", "constant"}) {
    EXPECT_EQ(complaint("{name: " + name + ", warmup_epochs: 3}", 3), "") << name;
    EXPECT_EQ(complaint("{name: " + name + ", warmup_epochs: 3.5}", 3),
              "train.schedule.warmup_epochs: expected at most train.epochs, 3, got 3.5; shorten the warm-up or train longer")
        << name;
  }
  EXPECT_THAT(complaint("{name: multistep, milestones: [4], warmup_epochs: 9}", 8), HasSubstr("warmup_epochs"));
  EXPECT_THAT(complaint("{name: plateau, warmup_epochs: 9}", 8), HasSubstr("warmup_epochs"));
}

TEST(ScheduleTest, MultistepFallsAtItsMilestones) {
  expect_factors(factors("{name: multistep, milestones: [1, 2], gamma: 0.5}", 4, 3),
                 {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25});
  expect_factors(factors("{name: multistep, milestones: 2}", 4, 3), {1, 1, 1, 1, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1});
  expect_factors(factors("{name: multistep, milestones: [1, 2], gamma: 0}", 1, 3), {1, 0, 0});
}

TEST(ScheduleTest, MultistepMayWarmUp) {
  expect_factors(factors("{name: multistep, milestones: [2], warmup_epochs: 1.5}", 4, 3),
                 {1.0 / 6, 2.0 / 6, 3.0 / 6, 4.0 / 6, 5.0 / 6, 1, 1, 1, 0.1, 0.1, 0.1, 0.1});
}

TEST(ScheduleTest, MultistepRefusesMilestonesThatDoNothing) {
  EXPECT_EQ(complaint("{name: multistep, milestones: [1, 4]}", 5), "");
  EXPECT_EQ(complaint("{name: multistep, milestones: [3, 2]}", 5),
            "train.schedule.milestones: expected epochs in ascending order, got [3,2]");
  EXPECT_THAT(complaint("{name: multistep, milestones: [2, 2]}", 5),
              HasSubstr("expected epochs in ascending order, got [2,2]"));
  EXPECT_THAT(complaint("multistep", 5), HasSubstr("train.schedule.milestones: expected epochs in ascending order, got []"));
  EXPECT_EQ(complaint("{name: multistep, milestones: [2, 5]}", 5),
            "train.schedule.milestones: expected epochs after the warm-up and below train.epochs, 5, got [2,5]; move the "
            "milestones or train longer");
  EXPECT_THAT(complaint("{name: multistep, milestones: [2], warmup_epochs: 2.5}", 5), HasSubstr("after the warm-up"));
  EXPECT_EQ(complaint("{name: multistep, milestones: [2], warmup_epochs: 2}", 5), "");
}

TEST(ScheduleTest, OneCycleRisesAndFalls) {
  // 8 updates, half of them up: at 0, 1/3, 2/3, 3/3 of the way from 0.2 to 1; then 1/4, 2/4, 3/4, 4/4 from 1 to 0.
  const double root = std::sqrt(0.5);
  expect_factors(factors("{name: one_cycle, pct_start: 0.5, start_factor: 0.2, min_factor: 0}", 4, 2),
                 {0.2, 0.4, 0.8, 1, (1 + root) / 2, 0.5, (1 - root) / 2, 0});
}

TEST(ScheduleTest, OneCycleHasAWarmupOfItsOwn) {
  EXPECT_THAT([] { schedule_of("{name: one_cycle, warmup_epochs: 1}"); },
              ThrowsMessage<InputError>(HasSubstr("train.schedule.warmup_epochs: unknown key")));
}

TEST(ScheduleTest, PlateauFallsWhenValidationHasNotGotBetter) {
  // One epoch without a better loss is let pass, the second makes the factor fall.
  const std::string yaml = "{name: plateau, patience: 1, gamma: 0.5}";
  expect_factors(factors(yaml, 2, 6, with_losses({3, 3, 3, 2, 2, 2})), {1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5});
  expect_factors(factors(yaml, 2, 7, with_losses({3, 3, 3, 2, 2, 2, 2})),
                 {1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25});
  expect_factors(factors(yaml, 2, 3, with_losses({3, 4, 5})), {1, 1, 1, 1, 1, 1});  // the last epoch's comes too late
}

TEST(ScheduleTest, PlateauWaitsForMoreEpochsThanItsPatience) {
  const Scores worse = with_losses(std::vector<double>(12, 1.0));
  expect_factors(factors("plateau", 1, 12, worse), std::vector<double>(12, 1.0));  // patience 10: 11 epochs after the best
  expect_factors({schedule_of("plateau")->factor({12, 1, 13, worse})}, {0.1});
  expect_factors({schedule_of("plateau")->factor({0, 1, 13, {}})}, {1});
}

TEST(ScheduleTest, PlateauRestsAfterAStep) {
  // The second epoch is worse; the two behind it are not counted; the fifth is worse.
  expect_factors(factors("{name: plateau, patience: 0, gamma: 0.5, cooldown: 2}", 1, 7, with_losses({1, 1, 1, 1, 1, 1, 1})),
                 {1, 1, 0.5, 0.5, 0.5, 0.25, 0.25});
}

TEST(ScheduleTest, PlateauDoesNotLookAhead) {
  const auto schedule = schedule_of("{name: plateau, patience: 0}");
  const Scores scores = with_losses({1, 2, 2});
  for (const std::int64_t update : {0, 3, 4, 7}) expect_factors({schedule->factor({update, 4, 3, scores})}, {1});
  expect_factors({schedule->factor({8, 4, 3, scores})}, {0.1});
}

TEST(ScheduleTest, PlateauDoesNotJudgeTheWarmup) {
  // The first epoch's low loss counts only when no warm-up has to do with it.
  const Scores scores = with_losses({1, 2, 2, 2});
  expect_factors(factors("{name: plateau, patience: 0, gamma: 0.5}", 2, 4, scores), {1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25});
  for (const std::string warmup : {"0.75", "1"}) {
    const std::vector<double> first = warmup == "1" ? std::vector{0.5, 1.0} : std::vector{2.0 / 3, 1.0};
    expect_factors(factors("{name: plateau, patience: 0, gamma: 0.5, warmup_epochs: " + warmup + "}", 2, 4, scores),
                   {first[0], first[1], 1, 1, 1, 1, 0.5, 0.5});
  }
  expect_factors(factors("{name: plateau, patience: 0, warmup_epochs: 4}", 1, 4, scores), {0.25, 0.5, 0.75, 1});
}

TEST(ScheduleTest, ANumberIsBetterThanNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string options = "patience: 0, gamma: 0.5}";
  expect_factors(factors("{name: plateau, " + options, 1, 5, with_losses({nan, 2, nan, 1})), {1, 0.5, 0.5, 0.25, 0.25});
  expect_factors(factors("{name: plateau, monitor: top1, " + options, 1, 3, with_top1({nan, 0.1})), {1, 0.5, 0.5});
}

TEST(ScheduleTest, OnlyPlateauNeedsValidation) {
  for (const char* name : {"cosine", "step", "multistep", "one_cycle", "constant"}) {
    EXPECT_FALSE(schedule_of(name)->needs_validation()) << name;
  }
  EXPECT_TRUE(schedule_of("plateau")->needs_validation());
}

// Rates that torch 1.13's schedulers of the same names give an SGD of rate 1, printed with 17 digits: before every
// scheduler.step(), one per update (cosine, one-cycle) or per epoch (the others), the last being made with eps=0.

TEST(ScheduleReferenceTest, Cosine) {
  expect_factors(factors("cosine", 4, 3),
                 {1, 0.9829629131445341, 0.93301270189221941, 0.85355339059327373, 0.75, 0.62940952255126037, 0.5,
                  0.37059047744873969, 0.25, 0.14644660940672627, 0.066987298107780646, 0.017037086855465899});
  expect_factors(factors("{name: cosine, min_factor: 0.1}", 4, 3),
                 {1, 0.98466662183008069, 0.93971143170299742, 0.86819805153394625, 0.775, 0.66646857029613427, 0.55,
                  0.43353142970386571, 0.325, 0.23180194846605368, 0.16028856829700261, 0.11533337816991932});
}

TEST(ScheduleReferenceTest, Step) {  // StepLR(2, 0.3)
  expect_factors(factors("{name: step, step_size: 2, gamma: 0.3}", 2, 7),
                 {1, 1, 1, 1, 0.3, 0.3, 0.3, 0.3, 0.09, 0.09, 0.09, 0.09, 0.027, 0.027});
}

TEST(ScheduleReferenceTest, Multistep) {  // MultiStepLR([2, 3, 5], 0.3)
  expect_factors(factors("{name: multistep, milestones: [2, 3, 5], gamma: 0.3}", 2, 7),
                 {1, 1, 1, 1, 0.3, 0.3, 0.09, 0.09, 0.09, 0.09, 0.027, 0.027, 0.027, 0.027});
}

TEST(ScheduleReferenceTest, OneCycle) {  // OneCycleLR(1, total_steps)
  expect_factors(
      factors("one_cycle", 4, 3),
      {0.04, 0.34978965421958308, 0.87928515912212868, 0.99441543545091171, 0.93301296984141169, 0.81174565394976295,
       0.64737899769510332, 0.46263710266697505, 0.28306099820869923, 0.1334775301888306, 0.034566987425395219, 4e-6});
  // pct_start=0.5, div_factor=10, final_div_factor=10
  expect_factors(factors("{name: one_cycle, pct_start: 0.5, start_factor: 0.1, min_factor: 0.01}", 4, 3),
                 {0.1, 0.18594235253127367, 0.41094235253127365, 0.68905764746872622, 0.91405764746872631, 1,
                  0.9336825748732972, 0.7525, 0.505, 0.2575, 0.076317425126702837, 0.01});
  // pct_start=0.9, div_factor=4, final_div_factor=2: the top lies between the last two updates
  expect_factors(factors("{name: one_cycle, pct_start: 0.9, start_factor: 0.25, min_factor: 0.125}", 5, 1),
                 {0.25, 0.39119132430297487, 0.70844535023361788, 0.96286332546340714, 0.125});
}

TEST(ScheduleReferenceTest, OneCycleOfOnePhaseOrFewUpdates) {
  expect_factors(factors("{name: one_cycle, pct_start: 0}", 4, 1),
                 {0.85355397637971131, 0.500002, 0.14645002362028864, 4e-6});
  expect_factors(factors("{name: one_cycle, pct_start: 1}", 3, 1), {0.04, 0.52, 1});
  expect_factors(factors("one_cycle", 1, 2), {0.81174565394976295, 4e-6});
  expect_factors(factors("one_cycle", 1, 1), {4e-6});
  expect_factors(factors("{name: one_cycle, pct_start: 1}", 1, 1), {1});          // where torch divides by zero
  expect_factors(factors("{name: one_cycle, pct_start: 0.5}", 2, 1), {1, 4e-6});  // likewise
}

TEST(ScheduleReferenceTest, Plateau) {  // ReduceLROnPlateau
  // 1.4999 is not 1.5 less its ten-thousandth.
  const std::vector<double> losses = {2.0, 1.5, 1.6, 1.4999, 1.5, 1.2, 1.2, 1.19, 1.3, 1.3, 1.3, 1.1, 1.2, 1.2, 1.2, 1.2};
  expect_factors(factors("{name: plateau, patience: 1, gamma: 0.5}", 1, 17, with_losses(losses)),
                 {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.0625});
  expect_factors(
      factors("{name: plateau, patience: 1, gamma: 0.5, cooldown: 2, min_factor: 0.2}", 1, 17, with_losses(losses)),
      {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2});
  expect_factors(
      factors("{name: plateau, patience: 0, gamma: 0.5, threshold: 0.05, min_factor: 0.01}", 1, 17, with_losses(losses)),
      {1, 1, 1, 0.5, 0.25, 0.125, 0.125, 0.0625, 0.03125, 0.015625, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01});
}

TEST(ScheduleReferenceTest, PlateauOfTop1) {  // mode='max'
  const Scores scores = with_top1({0.0, 0.0, 0.5, 0.5, 0.50004, 0.51, 0.4, 0.4, 0.6, 0.6, 0.6, 0.6});
  expect_factors(factors("{name: plateau, monitor: top1, patience: 1, cooldown: 1}", 1, 13, scores),
                 {1, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001});
}

TEST(ScheduleTest, StepsOfAFractionOfAnEpochComeAtTheirUpdate) {
  const auto schedule = schedule_of("{name: step, step_size: 0.1, gamma: 0.5}");
  for (std::int64_t update = 0; update < 300; ++update) {  // ten updates to a step
    EXPECT_EQ(schedule->factor({update, 100, 3, {}}), std::pow(0.5, update / 10)) << update;
  }
}

TEST(ScheduleTest, OneUpdateInAll) {
  for (const char* name : {"cosine", "step", "plateau", "constant"}) expect_factors(factors(name, 1, 1), {1});
  expect_factors(factors("{name: step, step_size: 0.5}", 1, 1), {1});
  expect_factors(factors("{name: cosine, warmup_epochs: 1}", 1, 1), {1});
}

TEST(ScheduleTest, RefusesOptionsOutOfRange) {
  for (const char* yaml :
       {"{name: multistep, milestones: [0, 2]}", "{name: multistep, milestones: []}", "{name: multistep, gamma: 1.5}",
        "{name: one_cycle, pct_start: 1.1}", "{name: one_cycle, pct_start: -0.1}", "{name: one_cycle, start_factor: 2}",
        "{name: one_cycle, min_factor: -1}", "{name: plateau, gamma: 1}", "{name: plateau, threshold: 1}",
        "{name: plateau, threshold: -0.1}", "{name: plateau, patience: -1}", "{name: plateau, cooldown: -1}",
        "{name: plateau, min_factor: 1.1}", "{name: plateau, monitor: top5}", "{name: cosine, warmup_epochs: -1}"}) {
    EXPECT_THROW(schedule_of(yaml), InputError) << yaml;
  }
}

TEST(ScheduleTest, WritesWhatItRead) {
  for (const char* yaml :
       {R"({"name":"multistep","warmup_epochs":1.5,"milestones":[3,7],"gamma":0.2})",
        R"({"name":"one_cycle","pct_start":0.25,"start_factor":0.1,"min_factor":0.01})",
        R"({"name":"plateau","warmup_epochs":1.0,"monitor":"top1","patience":3,"gamma":0.5,"threshold":0.01,)"
        R"("cooldown":2,"min_factor":0.05})"}) {
    EXPECT_EQ(schedule_of(yaml).write().dump(), yaml);
  }
}

TEST(ScheduleTest, PlateauRefusesAPatienceThatOutlastsTraining) {
  // Epoch 1 is the best, epochs 2 to 4 are the three that are one more than the patience, and epoch 5 has the lower rate.
  EXPECT_EQ(complaint("{name: plateau, patience: 2}", 5), "");
  EXPECT_EQ(factors("{name: plateau, patience: 2}", 1, 5, with_losses({1, 1, 1, 1})).back(), 0.1);
  EXPECT_THAT(
      complaint("{name: plateau, patience: 2}", 4),
      HasSubstr(
          "train.schedule.patience: expected so few epochs that the learning rate can fall within train.epochs, 4, got 2"));
  EXPECT_THAT(complaint("{name: plateau, patience: 2, warmup_epochs: 0.5}", 5), HasSubstr("train.schedule.patience"));
}

/// Random options of a schedule, often at the ends of their ranges.
Json random_options(const std::string& name, std::int64_t epochs, RandomStream& draws) {
  const auto fraction = [&](double maximum = 1) {
    const std::uint64_t kind = draws.below(4);
    return kind == 0 ? 0.0 : kind == 1 ? maximum : maximum * draws.uniform();
  };
  if (name == "one_cycle") {
    return {{"name", name}, {"pct_start", fraction()}, {"start_factor", fraction()}, {"min_factor", fraction()}};
  }
  Json options = {{"name", name}};
  if (draws.chance(0.5)) options["warmup_epochs"] = fraction() * static_cast<double>(epochs);
  if (name == "cosine") options["min_factor"] = fraction();
  if (name == "step") options["step_size"] = 0.1 + 5 * draws.uniform();
  if (name == "step" || name == "multistep") options["gamma"] = fraction();
  if (name == "multistep") options["milestones"] = {1 + draws.below(3), 4 + draws.below(3)};
  if (name == "plateau") {
    options["monitor"] = draws.chance(0.5) ? "loss" : "top1";
    options["patience"] = draws.below(3);
    options["cooldown"] = draws.below(3);
    options["gamma"] = fraction(0.99);
    options["threshold"] = fraction(0.99);
    options["min_factor"] = fraction();
  }
  return options;
}

TEST(ScheduleTest, EveryFactorIsWithinZeroAndOne) {
  RandomStream draws(1, Purpose::test);
  for (const std::string name : {"cosine", "step", "multistep", "one_cycle", "plateau", "constant"}) {
    for (int round = 0; round < 300; ++round) {
      const auto epochs = static_cast<std::int64_t>(1 + draws.below(8));
      const auto updates_per_epoch = static_cast<std::int64_t>(1 + draws.below(6));
      Scores scores;
      for (std::int64_t epoch = 0; epoch < epochs; ++epoch) scores.push_back({5 * draws.uniform(), draws.uniform()});
      const std::string yaml = random_options(name, epochs, draws).dump();
      SCOPED_TRACE(yaml + ", " + std::to_string(epochs) + " x " + std::to_string(updates_per_epoch));
      for (const double factor : factors(yaml, updates_per_epoch, epochs, scores)) {
        ASSERT_GE(factor, 0);  // nor is it NaN
        ASSERT_LE(factor, 1);
      }
    }
  }
}

}  // namespace
}  // namespace fovea
