#include <optional>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/train/glimpse_objective.h>

namespace fovea {
namespace {

const GlimpseTrajectory& expect_trajectory(const ModelOutput& output) {
  if (output.trajectory) return *output.trajectory;
  throw InputError("train.policy", "a network with a glimpse trajectory", "one without", "remove the key");
}

std::optional<double> value_of(const torch::Tensor& scalar) {
  return scalar.defined() ? std::optional(scalar.item<double>()) : std::nullopt;
}

}  // namespace

GlimpseObjective::GlimpseObjective(ClassLoss class_loss, StepLoss step_loss, const PolicyEstimator& policy)
    : class_loss_(std::move(class_loss)), step_loss_(step_loss), policy_(policy) {}

Loss GlimpseObjective::loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
                            const RandomStream& random) const {
  const Exploration exploration = policy_.exploration.at(position.epoch(), position.epochs);
  ForwardContext context;
  context.random = random;
  context.policy = exploration.mode;
  context.standard_deviation = exploration.standard_deviation;
  context.rollouts = policy_.rollouts_per_image;
  const ModelOutput output = network.classify(batch, context);
  const GlimpseTrajectory& trajectory = expect_trajectory(output);

  const Targets targets(batch);
  const Targets of_rollouts = targets.repeated(policy_.rollouts_per_image);
  const auto class_term = class_loss_.with_terms_of(context, targets, step_losses(trajectory.logits, of_rollouts));
  const auto returns = choice_returns(policy_.reward, trajectory.logits, of_rollouts.labels);
  const bool has_choices = returns.numel() > 0;
  PolicyLoss terms;
  if (has_choices && exploration.trains_policy) {
    const auto greedy_returns = [&] {
      const torch::NoGradGuard no_grad;
      ForwardContext further;
      further.random = random.child("further pass").child(std::uint64_t{0});
      const ModelOutput means = network.classify(batch, further);
      return choice_returns(policy_.reward, expect_trajectory(means).logits, batch.labels);
    };
    terms =
        policy_.estimate({trajectory.log_probs, returns, trajectory.baselines, policy_.rollouts_per_image, greedy_returns});
  }

  Loss loss{class_term, output.logits, {}};
  for (const torch::Tensor& term : {terms.policy, terms.baseline}) {
    if (term.defined()) loss.total = loss.total + term;
  }
  const bool draws = has_choices && exploration.mode == PolicyMode::sample;
  const auto if_drawn = [&](double value) { return draws ? std::optional(value) : std::nullopt; };
  loss.parts = {{"class_loss", value_of(class_term)},
                {"policy_loss", value_of(terms.policy)},
                {"baseline_loss", value_of(terms.baseline)},
                {"policy_reward", has_choices ? value_of(returns.mean()) : std::nullopt},
                {"policy_std", if_drawn(exploration.standard_deviation)},
                {"policy_entropy", if_drawn(location_entropy(exploration.standard_deviation))}};
  return loss;
}

torch::Tensor GlimpseObjective::step_losses(const torch::Tensor& logits, const Targets& targets) const {
  const std::int64_t steps = logits.size(1);
  const auto rows = class_loss_.rows(logits.flatten(0, 1), targets.repeated(steps));
  return rows.view({-1, steps}).matmul(torch::tensor(step_weights(step_loss_, steps), logits.options())).mean();
}

}  // namespace fovea
