#include <cmath>
#include <numbers>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/options/check.h>
#include <fovea/policy/exploration.h>

namespace fovea {
namespace {

constexpr RealRange kStd{.minimum = 0.0, .maximum = 1.0, .minimum_open = true};
constexpr double kPhaseSlack = 1e-9;  // relative; for fractions of all epochs that are whole but for rounding

void visit_warmup(FieldVisitor& fields, ExplorationOptions& options) {
  fields.real("warmup_epochs", options.warmup_epochs, kNonNegative, "first epochs with random choices and a frozen policy");
}

void visit_frozen_fraction(FieldVisitor& fields, ExplorationOptions& options) {
  fields.real("frozen_fraction", options.frozen_fraction, kFraction,
              "fraction of the epochs at the end with a frozen policy");
}

}  // namespace

void ExplorationOptions::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields, *this);
  fields.reals("std", standard_deviation, kStd, {1, 2},
               "standard deviation of the locations of glimpses, in units of [-1, 1], after the warm-up and at the end; or "
               "one number for both");
  visit_frozen_fraction(fields, *this);
  fields.real("frozen_std", frozen_standard_deviation, kStd,
              "standard deviation of the locations of glimpses in that final phase");
}

void ExplorationOptions::visit_phases(FieldVisitor& fields) {
  visit_warmup(fields, *this);
  visit_frozen_fraction(fields, *this);
}

void ExplorationOptions::validate(std::int64_t epochs) const {
  expect_in_range(*this, "train.policy");
  const auto all = static_cast<double>(epochs);
  if (warmup_epochs + frozen_fraction * all < all * (1 - kPhaseSlack)) return;
  throw InputError("train.policy.warmup_epochs",
                   "less than train.epochs, " + std::to_string(epochs) +
                       ", without the final phase of train.policy.frozen_fraction, " + Json(frozen_fraction).dump(),
                   Json(warmup_epochs).dump() + ", which leaves no epoch in which the policy learns",
                   "shorten the warm-up or the final phase, or train longer");
}

Exploration ExplorationOptions::at(double epoch, std::int64_t epochs) const {
  const auto end = static_cast<double>(epochs);
  if (epoch < warmup_epochs) return {PolicyMode::random, 0, false};
  if (end - epoch <= frozen_fraction * end * (1 + kPhaseSlack))
    return {PolicyMode::sample, frozen_standard_deviation, false};
  const double progress = (epoch - warmup_epochs) / (end - warmup_epochs);
  return {PolicyMode::sample, std::lerp(standard_deviation.front(), standard_deviation.back(), progress), true};
}

double location_entropy(double standard_deviation) {
  return 1 + std::log(2 * std::numbers::pi * standard_deviation * standard_deviation);
}

}  // namespace fovea
