#pragma once

#include <cstdint>
#include <vector>

#include <fovea/nn/forward_context.h>
#include <fovea/options/fields.h>

namespace fovea {

/// How a network's hard choices are made at one point of training.
struct Exploration {
  PolicyMode mode = PolicyMode::sample;  ///< or random
  double deviation = 0;                  ///< of PolicyMode::sample; see ForwardContext
  bool trains_policy = true;             ///< whether the policy learns from what its choices led to
};

/// How choices are explored in the course of training:
///
/// 1. warm-up: at random, and the policy does not learn. To a network that knows no class yet, a look is worth nothing
///    anywhere, so a reward would say nothing about it.
/// 2. until the end: drawn from the policy, with a deviation that goes linearly from its first value to its second.
/// 3. the last share of that, in which the network settles: with a small deviation of its own around a policy that stays as
///    it is, so that the rest of the network learns from where it will look when the mean is taken.
struct ExplorationOptions {
  double warmup_epochs = 3;
  std::vector<double> deviation = {0.2, 0.08};  ///< as the warm-up ends, and as training ends; or one for both
  double settle = 0.1;                          ///< share of all epochs
  double settle_deviation = 0.03;

  void visit_fields(FieldVisitor& fields);
  /// @throws InputError when an option is out of its range, or warm-up and settling are longer than training.
  void validate(std::int64_t epochs) const;

  /// @param epoch epochs done, in [0, epochs); with fractions.
  Exploration at(double epoch, std::int64_t epochs) const;
};

/// Entropy in nats of a normal distribution in the plane, with the same deviation along both axes: 1 + log(2 pi d^2).
double location_entropy(double deviation);

}  // namespace fovea
