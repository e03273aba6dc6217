#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/train/train_options.h>

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

void expect_complaint(const std::string& yaml, const std::string& complaint) {
  TrainOptions options;
  options.set_choices(ChoiceKind::locations);
  EXPECT_THAT([&] { read_fields(options, parse_yaml(yaml, "a.yaml"), "train"); },
              ThrowsMessage<InputError>(StrEq("a.yaml:1: train." + complaint)))
      << yaml;
}

TEST(RenamedKeysTest, EveryRenamedKeyIsUnknownWithItsPresentName) {
  struct Case {
    std::string yaml, key, name;
  };
  for (const auto& [yaml, key, name] : {
           Case{"policy: {deviation: 0.1}", "policy.deviation", "std"},
           Case{"policy: {settle: 0.1}", "policy.settle", "frozen_fraction"},
           Case{"policy: {settle_deviation: 0.1}", "policy.settle_deviation", "frozen_std"},
           Case{"schedule: {name: cosine, final_factor: 0}", "schedule.final_factor", "min_factor"},
           Case{"schedule: {name: one_cycle, final_factor: 0}", "schedule.final_factor", "min_factor"},
           Case{"schedule: {name: plateau, minimum_factor: 0}", "schedule.minimum_factor", "min_factor"},
           Case{"schedule: {name: one_cycle, rise: 0.3}", "schedule.rise", "pct_start"},
           Case{"schedule: {name: step, every_epochs: 3}", "schedule.every_epochs", "step_size"},
           Case{"schedule: {name: step, decay: 0.1}", "schedule.decay", "gamma"},
           Case{"schedule: {name: multistep, decay: 0.1}", "schedule.decay", "gamma"},
           Case{"schedule: {name: plateau, decay: 0.1}", "schedule.decay", "gamma"},
           Case{"optimizer: {name: rmsprop, smoothing: 0.9}", "optimizer.smoothing", "alpha"},
           Case{"init: {fresh: [fc]}", "init.fresh", "reinitialised"},
           Case{"layer_rates: [{layers: fc, factor: 2}]", "layer_rates.0.factor", "multiplier"},
       }) {
    expect_complaint(yaml, key + ": unknown key; it is called '" + name + "' now");
  }
}

TEST(RenamedKeysTest, RenamedWordsAreUnknownWithTheirPresentName) {
  expect_complaint("policy: {reward: confidence}",
                   "policy.reward: expected one of probability_gain and correct, got 'confidence'; it is called "
                   "'probability_gain' now");
  expect_complaint("step_loss: rising",
                   "step_loss: expected one of linear and last, got 'rising'; it is called 'linear' now");
}

}  // namespace
}  // namespace fovea
