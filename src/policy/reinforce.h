#pragma once

#include <fovea/policy/policy_estimator.h>

namespace fovea {

/// What the return of a choice is compared with. None of them depends on the choice, so none changes the expected gradient.
enum class Baseline {
  learned,        ///< what the network expected the choice to gain, trained by mean squared error
  leave_one_out,  ///< mean return of the image's other rollouts
  self_critical,  ///< return of a further pass over the image that takes the means
  none,           ///< 0
};

/// REINFORCE, "Simple statistical gradient-following algorithms for connectionist reinforcement learning" (Williams, Machine
/// Learning 8, 1992), as in "Recurrent Models of Visual Attention", arXiv:1406.6247: over rollouts r and choices t,
///
///     loss = -weight * mean (log_prob_rt * advantage_rt),   advantage = return - baseline
///
/// whose expected gradient is that of -weight times the expected return, divided by the number of choices. Leave-one-out is
/// the baseline of "Buy 4 REINFORCE Samples, Get a Baseline for Free!" (Kool et al., ICLR workshop 2019).
///
/// `normalize` subtracts the advantages' mean over the rollouts and choices at hand (of a shard, where batches are split)
/// and divides by their deviation plus 1e-6. Both depend on the choices themselves, so the expected gradient of one batch is
/// then another, of order 1 / R: it keeps the size of the step as rewards get rare.
///
/// Differs from arXiv:1406.6247: a return for every choice, and normalisation; with `reward: correct` and `normalize: false`
/// nothing but the division by the number of choices.
struct Reinforce final : PolicyEstimator {
  Baseline baseline = Baseline::learned;
  bool normalize = true;
  double weight = 1;

  void validate(std::int64_t epochs) const override;
  PolicyLoss estimate(const Rollouts& rollouts) const override;

 protected:
  void visit_own_fields(FieldVisitor& fields) override;

 private:
  /// [R, T - 1], or one that expands to it; without gradient.
  torch::Tensor expected_returns(const Rollouts& rollouts) const;
};

}  // namespace fovea
