#pragma once

#include <fovea/policy/policy_estimator.h>
#include <fovea/train/objective.h>
#include <fovea/train/step_loss.h>

namespace fovea {

/// What networks that choose where to look learn from: the class loss after every step, for what they see and remember, and
/// the terms of a policy estimator, for where they look and what they expect to gain. How choices are made follows from the
/// position in training; while the policy waits, neither of the estimator's terms is there, so that the parameters behind
/// them get no gradient and no optimiser moves them.
///
/// The parts of its loss:
///
/// - `class_loss`, weighted over the steps, with the terms of the context; it and the next two add up to the loss
/// - `policy_loss` and `baseline_loss`: the estimator's terms; nothing while the policy waits
/// - `policy_reward`: mean return of the choices, however they were made
/// - `policy_deviation` and `policy_entropy` of the distribution that choices are drawn from; nothing while they are random
///
/// The last four tell nothing for a network of a single step, which matches nothing.
class GlimpseObjective final : public Objective {
 public:
  /// @param policy must outlive this.
  GlimpseObjective(ClassLoss class_loss, StepLoss step_loss, const PolicyEstimator& policy);

  /// The reward of a mixed image is for its label with the larger share. @throws InputError when the network gives no
  /// trajectory.
  Loss loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
            const RandomStream& random) const override;

 private:
  /// The class loss after each of the T steps, weighted. @param logits [R, T, K]. @param targets of the R rollouts.
  torch::Tensor step_losses(const torch::Tensor& logits, const Targets& targets) const;

  ClassLoss class_loss_;
  StepLoss step_loss_;
  const PolicyEstimator& policy_;
};

}  // namespace fovea
