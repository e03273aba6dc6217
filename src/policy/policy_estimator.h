#pragma once

#include <cstdint>
#include <functional>

#include <torch/torch.h>

#include <fovea/config/named_options.h>
#include <fovea/options/fields.h>
#include <fovea/policy/choice_kind.h>
#include <fovea/policy/exploration.h>
#include <fovea/policy/returns.h>

namespace fovea {

/// Rollouts of N images, M for each image: rollout m of image n is row n M + m of R. Each makes T choices, one after
/// another.
struct Rollouts {
  torch::Tensor log_probs;     ///< [R, T], log-probability of every choice, with gradient
  torch::Tensor returns;       ///< [R, T], return of every choice, without gradient; see choice_returns()
  torch::Tensor baselines;     ///< [R, T], returns that the network predicts, with gradient; undefined when it predicts none
  std::int64_t per_image = 1;  ///< M
  /// Runs a further forward pass over the same images with the most probable choices. @return their returns, [N, T].
  std::function<torch::Tensor()> greedy_returns;
};

/// Terms that are added to the class loss; scalars, means over choices and rollouts.
struct PolicyLoss {
  torch::Tensor policy;    ///< surrogate loss whose gradient is that of the policy
  torch::Tensor baseline;  ///< mean squared error of the learned baseline; undefined with another baseline
};

/// Gradient estimator of hard choices that are drawn from a policy. An estimator has no state; it uses the rollouts and, at
/// most, a further pass.
struct PolicyEstimator : Options {
  explicit PolicyEstimator(ChoiceKind kind_of_choices = ChoiceKind::locations) : kind(kind_of_choices) {}

  const ChoiceKind kind;  ///< of the network; locations or elements
  Reward reward = Reward::probability_gain;
  std::int64_t rollouts_per_image = 1;  ///< M
  ExplorationOptions exploration;

  void visit_fields(FieldVisitor& fields) final;
  /// @throws InputError when options exclude each other or do not fit the number of epochs.
  virtual void validate(std::int64_t epochs) const { exploration.validate(epochs); }

  virtual PolicyLoss estimate(const Rollouts& rollouts) const = 0;

 protected:
  /// Fields of this estimator alone.
  virtual void visit_own_fields(FieldVisitor& fields) = 0;
};

/// Configuration key `train.policy` of a network with such choices. @param kind locations or elements.
NamedOptions<PolicyEstimator> policy_field(ChoiceKind kind = ChoiceKind::locations);

}  // namespace fovea
