#pragma once

#include <cstdint>
#include <functional>

#include <torch/torch.h>

#include <fovea/config/named_options.h>
#include <fovea/nn/classifier.h>
#include <fovea/policy/exploration.h>
#include <fovea/policy/returns.h>

namespace fovea {

/// What N images, each looked at M times, gave.
struct Rollouts {
  const GlimpseTrajectory& trajectory;  ///< of R = N M rows, with sampled choices, each with its log-probability
  torch::Tensor returns;                ///< [R, T - 1] of every choice, without gradient; see choice_returns()
  torch::Tensor labels;                 ///< int64 [N]
  std::int64_t per_image = 1;           ///< M
  /// Makes another pass of the same network over the same images, as the context says, with random draws of its own.
  std::function<ModelOutput(ForwardContext&)> pass;
};

/// What training adds to the class loss; scalars, means over choices and rollouts.
struct PolicyLoss {
  torch::Tensor policy;    ///< its gradient leads the policy
  torch::Tensor baseline;  ///< how wrong the network's expectation of the returns is; undefined when that is not asked for
};

/// How a network learns to make its hard choices. An estimator stores nothing: what it needs is in the rollouts, or in
/// further passes. Where others than REINFORCE plug in:
///
/// - Self-critical training ("Self-critical Sequence Training for Image Captioning", arXiv:1612.00563) compares each rollout
///   with a further pass that takes the means; REINFORCE has it as a baseline.
/// - RELAX ("Backpropagation through the Void", arXiv:1711.00123) and other control variates are another estimate().
/// - PPO ("Proximal Policy Optimization Algorithms", arXiv:1707.06347): the log-probabilities of the rollouts are its old
///   ones, of the trajectory's samples; a pass with PolicyMode::replay at its locations gives the present means, and with
///   gaussian_log_prob() the present ones. It makes several updates from one batch, which the trainer would have to offer.
/// - Straight-through, Gumbel-softmax ("Categorical Reparameterization with Gumbel-Softmax", arXiv:1611.01144) and a soft
///   glimpse by bilinear interpolation differentiate the choice itself. That is in the network: it lets the gradient of the
///   class loss through its locations, and with `policy` = 0 here nothing else moves them.
struct PolicyEstimator : Options {
  Reward reward = Reward::confidence;
  std::int64_t rollouts_per_image = 1;  ///< M
  ExplorationOptions exploration;

  void visit_fields(FieldVisitor& fields) final;
  /// @throws InputError when options exclude each other or do not fit so many epochs.
  virtual void validate(std::int64_t epochs) const { exploration.validate(epochs); }

  virtual PolicyLoss estimate(const Rollouts& rollouts) const = 0;

 protected:
  /// The fields that only this estimator has.
  virtual void visit_own_fields(FieldVisitor& fields) = 0;
};

/// The configuration key `train.policy`.
NamedOptions<PolicyEstimator> policy_field();

}  // namespace fovea
