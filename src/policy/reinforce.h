#pragma once

#include <fovea/policy/policy_estimator.h>

namespace fovea {

/// Baseline that is subtracted from the return of a choice. It does not depend on the choice, so it adds no bias.
enum class Baseline {
  learned,        ///< prediction of the network, trained by mean squared error
  leave_one_out,  ///< mean return of the other rollouts of the image
  /// Return of a further pass over the image with the means, or the most probable elements: "Self-critical Sequence Training
  /// for Image Captioning", arXiv:1612.00563.
  self_critical,
  none,  ///< 0
};

/// REINFORCE, "Simple statistical gradient-following algorithms for connectionist reinforcement learning" (Williams, Machine
/// Learning 8, 1992), as in "Recurrent Models of Visual Attention", arXiv:1406.6247: over rollouts r and choices t,
///
///     loss = -weight * mean (log_prob_rt * advantage_rt),   advantage = return - baseline
///
/// whose expected gradient is that of -weight times the expected return, divided by the number of choices. Leave-one-out is
/// the baseline of "Buy 4 REINFORCE Samples, Get a Baseline for Free!" (Kool et al., ICLR workshop 2019).
///
/// `normalize` subtracts the mean of the advantages over the rollouts and choices of the shard and divides by their standard
/// deviation plus 1e-6. Both depend on the choices, which biases the gradient of one batch by order 1 / R. Updates keep
/// their scale when rewards are rare.
///
/// Differs from arXiv:1406.6247: one return per choice, and normalisation; with `reward: correct` and `normalize: false`,
/// only the division by the number of choices.
///
/// Elements (ChoiceKind) have no learned baseline, as hard attention has the parameters of soft attention; theirs is
/// self-critical by default.
struct Reinforce final : PolicyEstimator {
  explicit Reinforce(ChoiceKind kind_of_choices = ChoiceKind::locations);

  Baseline baseline;
  bool normalize = true;
  double weight = 1;

  void validate(std::int64_t epochs) const override;
  PolicyLoss estimate(const Rollouts& rollouts) const override;

 protected:
  void visit_own_fields(FieldVisitor& fields) override;

 private:
  /// Baselines [R, T], or a tensor that broadcasts to that; without gradient.
  torch::Tensor baselines(const Rollouts& rollouts) const;
};

}  // namespace fovea
