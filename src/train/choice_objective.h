#pragma once

#include <utility>

#include <fovea/policy/policy_estimator.h>
#include <fovea/train/objective.h>

namespace fovea {

/// Objective of networks whose attention chooses elements (ForwardContext::choices): the class loss trains all that reads
/// the chosen elements; the term of a policy estimator trains what scores them. Each image has
/// PolicyEstimator::rollouts_per_image rollouts, each with draws of its own. While the policy is frozen, the estimator's
/// term is absent.
///
/// Parts of the loss: `class_loss`, `policy_loss`, `policy_reward` and `policy_entropy`, the mean over modules and groups of
/// the entropy in nats of one draw; the last is None during the random warm-up, and `policy_loss` while the policy is
/// frozen.
///
/// The self-critical baseline takes a further pass in training mode, whose batch norms see the same batch a second time.
class ChoiceObjective final : public Objective {
 public:
  /// @param policy of ChoiceKind::elements; must outlive this.
  ChoiceObjective(ClassLoss class_loss, const PolicyEstimator& policy)
      : class_loss_(std::move(class_loss)), policy_(policy) {}

  /// @throws InputError when no module of the network chooses.
  Loss loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
            const RandomStream& random) const override;

 private:
  ClassLoss class_loss_;
  const PolicyEstimator& policy_;
};

}  // namespace fovea
