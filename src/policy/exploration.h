#pragma once

#include <cstdint>
#include <vector>

#include <fovea/nn/forward_context.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Distribution of hard choices at one point of training.
struct Exploration {
  PolicyMode mode = PolicyMode::sample;  ///< sample or random
  double standard_deviation = 0;         ///< of PolicyMode::sample; see ForwardContext
  bool trains_policy = true;             ///< false: the policy is frozen
};

/// Exploration schedule, in three phases; choices of elements have no standard deviation:
///
/// 1. Warm-up: random choices and a frozen policy. The rewards of an untrained classifier carry no information about the
///    choices.
/// 2. Training of the policy: choices are sampled from it, with a standard deviation that goes linearly from its first value
///    to its second.
/// 3. Final phase with a frozen policy and a small standard deviation, or the most probable elements: the rest of the
///    network trains on the choices that evaluation uses.
struct ExplorationOptions {
  double warmup_epochs = 3;
  std::vector<double> standard_deviation = {
      0.2, 0.08};                           ///< at the end of the warm-up and at the end of training; or one for both
  double frozen_fraction = 0.1;             ///< fraction of all epochs in the final phase
  double frozen_standard_deviation = 0.03;  ///< in the final phase

  void visit_fields(FieldVisitor& fields);
  /// The fields of choices without a standard deviation alone.
  void visit_phases(FieldVisitor& fields);
  /// @throws InputError when an option is out of its range, or warm-up and final phase leave the policy no part of
  /// the epochs to learn in.
  void validate(std::int64_t epochs) const;

  /// @param epoch position in training in epochs, with fractions, in [0, epochs).
  Exploration at(double epoch, std::int64_t epochs) const;
};

/// Entropy in nats of a normal distribution of two dimensions with the standard deviation s in each: 1 + log(2 pi s^2).
double location_entropy(double standard_deviation);

}  // namespace fovea
