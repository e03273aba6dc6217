#include <string>

#include <fovea/base/error.h>
#include <fovea/policy/reinforce.h>

namespace fovea {
namespace {

/// Mean return of the other rollouts of the same image, [N M, T]. @param returns [N M, T].
torch::Tensor mean_of_others(const torch::Tensor& returns, std::int64_t rollouts) {
  const auto by_image = returns.unflatten(0, {-1, rollouts});
  return ((by_image.sum(1, /*keepdim=*/true) - by_image) / (rollouts - 1)).flatten(0, 1);
}

/// Advantages with mean 0 and standard deviation 1; all 0 for one rollout with one choice.
torch::Tensor normalized(const torch::Tensor& advantages) {
  return (advantages - advantages.mean()) / (advantages.std(/*unbiased=*/false) + 1e-6);
}

}  // namespace

Reinforce::Reinforce(ChoiceKind kind_of_choices)
    : PolicyEstimator(kind_of_choices),
      baseline(kind_of_choices == ChoiceKind::locations ? Baseline::learned : Baseline::self_critical) {}

void Reinforce::visit_own_fields(FieldVisitor& fields) {
  if (kind == ChoiceKind::locations) {
    fields.choice(
        "baseline", baseline,
        {{"learned", Baseline::learned},
         {"leave_one_out", Baseline::leave_one_out},
         {"self_critical", Baseline::self_critical},
         {"none", Baseline::none}},
        "baseline of the returns: predicted by a network that takes glimpses, mean of the other rollouts, a rollout with "
        "the means (the default of hard attention pools, which predict nothing), or 0");
  } else {
    fields.choice(
        "baseline", baseline,
        {{"self_critical", Baseline::self_critical}, {"leave_one_out", Baseline::leave_one_out}, {"none", Baseline::none}},
        "baseline of the returns: a rollout with the most probable elements, mean of the other rollouts, or 0");
  }
  fields.boolean("normalize", normalize, "normalise the advantages of a shard to mean 0 and standard deviation 1");
  fields.real("weight", weight, kPositiveFactor, "weight of the policy loss");
}

void Reinforce::validate(std::int64_t epochs) const {
  PolicyEstimator::validate(epochs);
  if (baseline != Baseline::leave_one_out || rollouts_per_image > 1) return;
  throw InputError("train.policy.rollouts", "at least 2 with baseline: leave_one_out", std::to_string(rollouts_per_image),
                   "raise rollouts or set another baseline");
}

PolicyLoss Reinforce::estimate(const Rollouts& rollouts) const {
  const torch::Tensor advantages = rollouts.returns - baselines(rollouts);
  const auto terms = rollouts.log_probs * (normalize ? normalized(advantages) : advantages);
  PolicyLoss loss{-weight * terms.mean(), {}};
  if (baseline == Baseline::learned) loss.baseline = torch::mse_loss(rollouts.baselines, rollouts.returns);
  return loss;
}

torch::Tensor Reinforce::baselines(const Rollouts& rollouts) const {
  switch (baseline) {
    case Baseline::learned:
      return rollouts.baselines.detach();
    case Baseline::leave_one_out:
      return mean_of_others(rollouts.returns, rollouts.per_image);
    case Baseline::self_critical:
      return rollouts.greedy_returns().repeat_interleave(rollouts.per_image, 0);
    case Baseline::none:
      break;
  }
  return torch::zeros({}, rollouts.returns.options());
}

}  // namespace fovea
