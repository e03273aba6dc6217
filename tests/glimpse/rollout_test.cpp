#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include <fovea/glimpse/rollout.h>

#include "glimpse_cases.h"

namespace fovea {
namespace {

using test::SmallNetwork;

constexpr RetinaShape kRetina{4, 2};
constexpr std::int64_t kImages = 3, kChannels = 2, kGlimpses = 4;

using Rollout = GlimpseTrajectory (*)(const GlimpseNetwork&, const Retina&, const RolloutPlan&);

struct Case {
  CoreKind core = CoreKind::relu;
  std::int64_t policy_features = 6;
  std::int64_t rollouts = 1;
  std::int64_t glimpses = kGlimpses;
};

RolloutPlan sampling_plan(std::int64_t rows, std::int64_t glimpses) {
  torch::manual_seed(5);
  RolloutPlan plan;
  plan.glimpses = glimpses;
  plan.first = torch::rand({rows, 2}, torch::kFloat64) - 0.5;
  plan.noise = torch::randn({rows, glimpses - 1, 2}, torch::kFloat64);
  plan.standard_deviation = 0.4;
  plan.record_glimpses = true;
  return plan;
}

std::map<std::string, torch::Tensor> outputs_of(const GlimpseTrajectory& trajectory) {
  return {{"locations", trajectory.locations}, {"logits", trajectory.logits},       {"means", trajectory.means},
          {"baselines", trajectory.baselines}, {"log_probs", trajectory.log_probs}, {"windows", trajectory.windows},
          {"patches", trajectory.patches}};
}

/// A scalar that depends on an output in many ways.
torch::Tensor scalar_of(const torch::Tensor& output) {
  const auto weights = torch::linspace(-1, 2, output.numel(), torch::kFloat64).view(output.sizes());
  return (weights * output + 0.3 * output.square()).sum();
}

/// Gradients of a scalar of one output (all that have gradients, when empty), by parameter; undefined where none arrives.
std::map<std::string, torch::Tensor> gradients(Rollout rollout, SmallNetwork& network, const Retina& retina,
                                               const RolloutPlan& plan, const std::string& output) {
  for (auto& parameter : network.parameters()) parameter.mutable_grad() = torch::Tensor();
  auto outputs = outputs_of(rollout(network.parts, retina, plan));
  auto total = torch::zeros({}, torch::kFloat64);
  for (const char* name : {"logits", "means", "baselines", "log_probs"}) {
    if ((output.empty() || output == name) && outputs[name].defined()) total = total + scalar_of(outputs[name]);
  }
  total.backward();
  std::map<std::string, torch::Tensor> result;
  for (const auto& item : network.named_parameters()) result[item.key()] = item.value().grad();
  return result;
}

void expect_close(const torch::Tensor& actual, const torch::Tensor& expected, const std::string& what) {
  ASSERT_EQ(actual.defined(), expected.defined()) << what;
  if (!actual.defined()) return;
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  if (actual.numel() == 0) return;
  EXPECT_LE((actual - expected).abs().max().item<double>(), 1e-10 * std::max(1.0, expected.abs().max().item<double>()))
      << what;
}

class FusedRollout : public testing::TestWithParam<Case> {
 protected:
  SmallNetwork network{GetParam().core, kRetina.values(kChannels), GetParam().policy_features};
  Retina retina{kRetina, test::noise_batch(kImages, kChannels, 9, 13), GetParam().rollouts, torch::kFloat64};

  void expect_same(const RolloutPlan& plan) {
    const auto fused = outputs_of(fused_rollout(network.parts, retina, plan));
    const auto composed = outputs_of(composed_rollout(network.parts, retina, plan));
    for (const auto& [name, expected] : composed) expect_close(fused.at(name), expected, name);
    for (const char* output : {"", "logits", "means", "baselines", "log_probs"}) {
      const bool has_gradient = *output == 0 || (composed.at(output).defined() && composed.at(output).numel() > 0);
      if (!has_gradient) continue;
      const auto actual = gradients(fused_rollout, network, retina, plan, output);
      for (const auto& [name, expected] : gradients(composed_rollout, network, retina, plan, output)) {
        expect_close(actual.at(name), expected, std::string(output) + " -> " + name);
      }
    }
  }
};

TEST_P(FusedRollout, SampledEqualsTheComposedOne) {
  expect_same(sampling_plan(retina.rows(), GetParam().glimpses));
}

TEST_P(FusedRollout, WithMeansEqualsTheComposedOne) {
  auto plan = sampling_plan(retina.rows(), GetParam().glimpses);
  plan.noise = torch::Tensor();
  expect_same(plan);
}

TEST_P(FusedRollout, AtGivenLocationsEqualsTheComposedOne) {
  RolloutPlan plan;
  plan.glimpses = GetParam().glimpses;
  plan.locations = test::some_locations(retina.rows(), GetParam().glimpses);
  expect_same(plan);
}

INSTANTIATE_TEST_SUITE_P(Cores, FusedRollout,
                         testing::Values(Case{CoreKind::relu}, Case{CoreKind::lstm}, Case{CoreKind::gru},
                                         Case{.policy_features = 0}, Case{.rollouts = 3}, Case{CoreKind::lstm, 0, 2},
                                         Case{CoreKind::relu, 6, 1, 1}, Case{CoreKind::lstm, 6, 1, 1},
                                         Case{CoreKind::gru, 6, 1, 1}, Case{CoreKind::gru, 6, 1, 2}));

}  // namespace
}  // namespace fovea
