#include <cmath>
#include <cstdint>
#include <optional>

#include <fovea/base/error.h>
#include <fovea/train/choice_objective.h>

namespace fovea {
namespace {

void expect_choices(const ForwardContext& context) {
  if (!context.choices.empty()) return;
  throw InputError("train.policy", "a network whose attention chooses", "one that makes no hard choice", "remove the key");
}

/// Log-probability of all choices of each rollout, [R, 1].
torch::Tensor log_probs_of(const ForwardContext& context) {
  torch::Tensor total;
  for (const HardChoices& made : context.choices) {
    total = total.defined() ? total + made.log_probs : made.log_probs;
  }
  return total.unsqueeze(1);
}

double mean_entropy(const ForwardContext& context) {
  double sum = 0;
  for (const HardChoices& made : context.choices) {
    sum -= made.probabilities.xlogy(made.probabilities).sum(2).mean().item<double>();
  }
  return sum / static_cast<double>(context.choices.size());
}

/// Logarithm of the mean probability of each image's rollouts. @param logits [N M, K]. @return [N, K].
torch::Tensor mean_over_rollouts(const torch::Tensor& logits, std::int64_t rollouts) {
  if (rollouts == 1) return logits;
  return logits.log_softmax(1).unflatten(0, {-1, rollouts}).logsumexp(1) - std::log(static_cast<double>(rollouts));
}

/// The most probable elements once the policy is frozen: evaluation uses them.
PolicyMode mode_of(const Exploration& exploration) {
  return exploration.mode == PolicyMode::sample && !exploration.trains_policy ? PolicyMode::mean : exploration.mode;
}

}  // namespace

Loss ChoiceObjective::loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
                           const RandomStream& random) const {
  const Exploration exploration = policy_.exploration.at(position.epoch(), position.epochs);
  const std::int64_t per_image = policy_.rollouts_per_image;
  ForwardContext context;
  context.random = random;
  context.policy = mode_of(exploration);
  const Batch rollouts = batch.repeated(per_image);
  const torch::Tensor logits = network.classify(rollouts, context).logits;
  expect_choices(context);

  const Targets targets(rollouts);
  const auto class_term = class_loss_.with_terms_of(context, targets, class_loss_.mean(logits, targets));
  const auto returns = final_returns(policy_.reward, logits, targets.labels);
  PolicyLoss terms;
  if (exploration.trains_policy) {
    const auto greedy_returns = [&] {
      const torch::NoGradGuard no_grad;
      ForwardContext further;
      further.random = random.child("further pass");
      return final_returns(policy_.reward, network.classify(batch, further).logits, batch.labels);
    };
    terms = policy_.estimate({log_probs_of(context), returns, {}, per_image, greedy_returns});
  }

  Loss loss{class_term, mean_over_rollouts(logits, per_image), {}};
  if (terms.policy.defined()) loss.total = loss.total + terms.policy;
  const bool random_choices = exploration.mode == PolicyMode::random;
  loss.parts = {{"class_loss", class_term.item<double>()},
                {"policy_loss", terms.policy.defined() ? std::optional(terms.policy.item<double>()) : std::nullopt},
                {"policy_reward", returns.mean().item<double>()},
                {"policy_entropy", random_choices ? std::nullopt : std::optional(mean_entropy(context))}};
  return loss;
}

}  // namespace fovea
