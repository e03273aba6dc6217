#include <cmath>
#include <numbers>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/options/check.h>
#include <fovea/policy/exploration.h>

namespace fovea {
namespace {

constexpr RealRange kDeviation{.minimum = 0.0, .maximum = 1.0, .minimum_open = true};

}  // namespace

void ExplorationOptions::visit_fields(FieldVisitor& fields) {
  fields.real("warmup_epochs", warmup_epochs, kNonNegative, "first epochs, with random choices and a policy that waits");
  fields.reals("deviation", deviation, kDeviation, {1, 2},
               "how far choices scatter, of half the image, after the warm-up and at the end; or one number for both");
  fields.real("settle", settle, kFraction, "share of the epochs, at the end, in which the policy no longer changes");
  fields.real("settle_deviation", settle_deviation, kDeviation, "how far choices scatter then");
}

void ExplorationOptions::validate(std::int64_t epochs) const {
  expect_in_range(*this, "train.policy");
  const auto all = static_cast<double>(epochs);
  constexpr double kRoundingShare = 1e-9;  // of a share that fits exactly
  if (warmup_epochs + settle * all <= all * (1 + kRoundingShare)) return;
  throw InputError("train.policy.warmup_epochs",
                   "at most train.epochs, " + std::to_string(epochs) + ", without the share of train.policy.settle, " +
                       Json(settle).dump(),
                   Json(warmup_epochs).dump(), "shorten the warm-up or train longer");
}

Exploration ExplorationOptions::at(double epoch, std::int64_t epochs) const {
  const auto end = static_cast<double>(epochs);
  if (epoch < warmup_epochs) return {PolicyMode::random, 0, false};
  if (end - epoch <= settle * end) return {PolicyMode::sample, settle_deviation, false};
  const double progress = (epoch - warmup_epochs) / (end - warmup_epochs);
  return {PolicyMode::sample, std::lerp(deviation.front(), deviation.back(), progress), true};
}

double location_entropy(double deviation) {
  return 1 + std::log(2 * std::numbers::pi * deviation * deviation);
}

}  // namespace fovea
