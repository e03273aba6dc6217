#include <string>

#include <fovea/base/error.h>
#include <fovea/policy/reinforce.h>

namespace fovea {
namespace {

/// Of each rollout, the mean return of the image's others. @param returns [N M, T - 1].
torch::Tensor mean_of_others(const torch::Tensor& returns, std::int64_t rollouts) {
  const auto by_image = returns.unflatten(0, {-1, rollouts});
  return ((by_image.sum(1, /*keepdim=*/true) - by_image) / (rollouts - 1)).flatten(0, 1);
}

/// Of each rollout, the return when every choice is the policy's mean.
torch::Tensor returns_of_means(const Rollouts& rollouts, Reward reward) {
  const torch::NoGradGuard no_grad;
  ForwardContext context;
  context.policy = PolicyMode::mean;
  const ModelOutput output = rollouts.pass(context);
  const auto by_image = choice_returns(reward, output.trajectory.value().logits, rollouts.labels);
  return by_image.unsqueeze(1).expand({-1, rollouts.per_image, -1}).flatten(0, 1);
}

/// Mean 0 and deviation 1; a batch of one rollout with one choice has no deviation and gives 0.
torch::Tensor normalized(const torch::Tensor& advantages) {
  return (advantages - advantages.mean()) / (advantages.std(/*unbiased=*/false) + 1e-6);
}

}  // namespace

void Reinforce::visit_own_fields(FieldVisitor& fields) {
  fields.choice("baseline", baseline,
                {{"learned", Baseline::learned},
                 {"leave_one_out", Baseline::leave_one_out},
                 {"self_critical", Baseline::self_critical},
                 {"none", Baseline::none}},
                "what returns are compared with: the network's guess, the image's other rollouts, one with the means, or 0");
  fields.boolean("normalize", normalize, "bring the advantages of a batch to mean 0 and deviation 1");
  fields.real("weight", weight, kPositive, "factor of the policy's term in the loss");
}

void Reinforce::validate(std::int64_t epochs) const {
  PolicyEstimator::validate(epochs);
  if (baseline != Baseline::leave_one_out || rollouts_per_image > 1) return;
  throw InputError("train.policy.rollouts", "at least 2, so that baseline: leave_one_out has others to go by",
                   std::to_string(rollouts_per_image), "set rollouts, or another baseline");
}

PolicyLoss Reinforce::estimate(const Rollouts& rollouts) const {
  const torch::Tensor advantages = rollouts.returns - expected_returns(rollouts);
  const auto gains = rollouts.trajectory.log_probs * (normalize ? normalized(advantages) : advantages);
  PolicyLoss loss{-weight * gains.mean(), {}};
  if (baseline == Baseline::learned) loss.baseline = torch::mse_loss(rollouts.trajectory.baselines, rollouts.returns);
  return loss;
}

torch::Tensor Reinforce::expected_returns(const Rollouts& rollouts) const {
  switch (baseline) {
    case Baseline::learned:
      return rollouts.trajectory.baselines.detach();
    case Baseline::leave_one_out:
      return mean_of_others(rollouts.returns, rollouts.per_image);
    case Baseline::self_critical:
      return returns_of_means(rollouts, reward);
    case Baseline::none:
      break;
  }
  return torch::zeros({}, rollouts.returns.options());
}

}  // namespace fovea
