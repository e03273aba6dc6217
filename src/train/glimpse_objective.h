#pragma once

#include <fovea/policy/policy_estimator.h>
#include <fovea/train/objective.h>
#include <fovea/train/step_loss.h>

namespace fovea {

/// Objective of networks with hard choices: the class loss after every step trains glimpse encoder, core and classifier; the
/// terms of a policy estimator train location policy and baseline. The exploration follows from the position in training.
/// While the policy is frozen, the estimator's terms are absent, so that policy and baseline get no gradient and no
/// optimiser changes them.
///
/// Parts of the loss:
///
/// - `class_loss`, weighted over the steps, with the auxiliary losses of the context; it and the next two add up to the loss
/// - `policy_loss` and `baseline_loss`: terms of the estimator; None while the policy is frozen
/// - `policy_reward`: mean return of the choices
/// - `policy_std` and `policy_entropy` of the distribution of choices; None during the random warm-up
///
/// The last four are None for a network of a single step, which makes no choice.
class GlimpseObjective final : public Objective {
 public:
  /// @param policy must outlive this.
  GlimpseObjective(ClassLoss class_loss, StepLoss step_loss, const PolicyEstimator& policy);

  /// The reward of a mixed image is that of its label with the larger weight. @throws InputError when the network returns
  /// no trajectory.
  Loss loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
            const RandomStream& random) const override;

 private:
  /// Weighted sum of the class losses after each of the T steps, mean over rollouts. @param logits [R, T, K]. @param targets
  /// of the R rollouts.
  torch::Tensor step_losses(const torch::Tensor& logits, const Targets& targets) const;

  ClassLoss class_loss_;
  StepLoss step_loss_;
  const PolicyEstimator& policy_;
};

}  // namespace fovea
