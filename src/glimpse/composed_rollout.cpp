#include <vector>

#include <fovea/glimpse/rollout.h>

namespace fovea {

GlimpseTrajectory composed_rollout(const GlimpseNetwork& network, const Retina& retina, const RolloutPlan& plan) {
  torch::nn::Linear baseline = network.baseline, classifier = network.classifier;
  const double range = network.policy->range();
  std::vector<torch::Tensor> state, locations, logits, means, samples, baselines, patches;
  torch::Tensor location = plan.first;
  for (std::int64_t t = 0; t < plan.glimpses; ++t) {
    if (plan.locations.defined()) location = plan.locations.select(1, t);
    const auto seen = retina.look(location);
    state = network.core->forward(network.encoder->forward(seen, location), state);
    locations.push_back(location);
    logits.push_back(classifier(state[0]));
    if (plan.record_glimpses) patches.push_back(seen);
    if (t + 1 == plan.glimpses) break;

    const auto detached = state[0].detach();
    const auto mean = network.policy->mean(detached);
    const auto sample = plan.noise.defined() ? mean + plan.standard_deviation * plan.noise.select(1, t) : mean;
    means.push_back(mean);
    samples.push_back(sample.detach());
    baselines.push_back(baseline(detached).squeeze(1));
    location = samples.back().clamp(-range, range);
  }
  const auto of_choices = [&](const std::vector<torch::Tensor>& steps, torch::IntArrayRef none) {
    return steps.empty() ? torch::empty(none, logits[0].options()) : torch::stack(steps, 1);
  };
  const std::int64_t rows = retina.rows();
  GlimpseTrajectory trajectory;
  trajectory.locations = torch::stack(locations, 1);
  trajectory.logits = torch::stack(logits, 1);
  trajectory.means = of_choices(means, {rows, 0, 2});
  trajectory.baselines = of_choices(baselines, {rows, 0});
  trajectory.samples = of_choices(samples, {rows, 0, 2});
  if (plan.noise.defined()) {
    trajectory.log_probs = gaussian_log_prob(trajectory.samples, trajectory.means, plan.standard_deviation);
  }
  if (plan.record_glimpses) {
    trajectory.patches = torch::stack(patches, 1);
    trajectory.windows = retina.windows(trajectory.locations);
  }
  return trajectory;
}

}  // namespace fovea
