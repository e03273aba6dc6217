#pragma once

#include <cstdint>
#include <functional>

#include <torch/torch.h>

#include <fovea/config/named_options.h>
#include <fovea/nn/classifier.h>
#include <fovea/policy/exploration.h>
#include <fovea/policy/returns.h>

namespace fovea {

/// Rollouts of N images, M for each image.
struct Rollouts {
  const GlimpseTrajectory& trajectory;  ///< of R = N M rows, with sampled choices and their log-probabilities
  torch::Tensor returns;                ///< [R, T - 1], return of every choice, without gradient; see choice_returns()
  torch::Tensor labels;                 ///< int64 [N]
  std::int64_t per_image = 1;           ///< M
  /// Runs a further forward pass of the network over the same images, with its own random draws.
  std::function<ModelOutput(ForwardContext&)> pass;
};

/// Terms that are added to the class loss; scalars, means over choices and rollouts.
struct PolicyLoss {
  torch::Tensor policy;    ///< surrogate loss whose gradient is that of the policy
  torch::Tensor baseline;  ///< mean squared error of the learned baseline; undefined with another baseline
};

/// Gradient estimator of hard choices. An estimator has no state; it uses the rollouts and further passes. Other estimators
/// than REINFORCE fit this interface as follows:
///
/// - Self-critical training ("Self-critical Sequence Training for Image Captioning", arXiv:1612.00563) compares each rollout
///   with a further pass that takes the means; it is a baseline of Reinforce.
/// - RELAX ("Backpropagation through the Void", arXiv:1711.00123) and other control variates override estimate().
/// - PPO ("Proximal Policy Optimization Algorithms", arXiv:1707.06347): the old log-probabilities are those of
///   the rollouts; a pass with PolicyMode::replay at the same locations gives the present means, and gaussian_log_prob() the
///   present log-probabilities. PPO makes several updates with one batch, which the trainer does not support yet.
/// - Straight-through, Gumbel-softmax ("Categorical Reparameterization with Gumbel-Softmax", arXiv:1611.01144) and a soft
///   glimpse by bilinear interpolation differentiate the choice itself. They belong in the network, which lets the
///   gradient of the class loss pass through its locations; `policy` is 0 then.
struct PolicyEstimator : Options {
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

/// Configuration key `train.policy`.
NamedOptions<PolicyEstimator> policy_field();

}  // namespace fovea
