#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>

#include <fovea/base/error.h>
#include <fovea/train/schedule.h>

namespace fovea {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Number of whole steps in `steps`, which is a quotient of epochs and may lie a rounding error below a whole number.
double whole_steps(double steps) {
  constexpr double kRoundingSlack = 1e-9;  // relative; far below one update in a training
  return std::floor(steps * (1 + kRoundingSlack));
}

/// Cosine annealing from `start` to `end`. @param progress in [0, 1].
double cosine_between(double start, double end, double progress) {
  return end + (start - end) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace

double WarmupSchedule::factor(const TrainingPosition& position) const {
  const double warmup_updates = warmup_epochs * static_cast<double>(position.updates_per_epoch);
  const double done = static_cast<double>(position.update) + 1;  // the first update already takes a step
  if (done < warmup_updates) return done / warmup_updates;
  return factor_after_warmup(position);
}

void WarmupSchedule::validate(std::int64_t epochs) const {
  if (warmup_epochs <= static_cast<double>(epochs)) return;
  throw InputError("train.schedule.warmup_epochs", "at most train.epochs, " + std::to_string(epochs),
                   Json(warmup_epochs).dump(), "shorten the warm-up or train longer");
}

void WarmupSchedule::visit_warmup(FieldVisitor& fields) {
  fields.real("warmup_epochs", warmup_epochs, kNonNegative, "epochs of linear warm-up; 0 = none");
}

void ConstantSchedule::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields);
}

double ConstantSchedule::factor_after_warmup(const TrainingPosition&) const {
  return 1;
}

void CosineSchedule::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields);
  fields.real("min_factor", min_factor, kFraction, "final learning rate over the highest");
}

double CosineSchedule::factor_after_warmup(const TrainingPosition& position) const {
  const auto epochs = static_cast<double>(position.epochs);
  if (epochs <= warmup_epochs) return 1;
  const double progress = std::max(0.0, (position.epoch() - warmup_epochs) / (epochs - warmup_epochs));
  return cosine_between(1, min_factor, progress);
}

void StepSchedule::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields);
  fields.real("step_size", step_size, kPositive, "epochs between two reductions of the learning rate");
  fields.real("gamma", gamma, kFraction, "factor of each reduction");
}

double StepSchedule::factor_after_warmup(const TrainingPosition& position) const {
  return std::pow(gamma, whole_steps(position.epoch() / step_size));
}

void MultistepSchedule::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields);
  fields.integers("milestones", milestones, {1, 1'000'000}, {1, 1000}, "epochs after which the learning rate is reduced");
  fields.real("gamma", gamma, kFraction, "factor of each reduction");
}

void MultistepSchedule::validate(std::int64_t epochs) const {
  WarmupSchedule::validate(epochs);
  const auto unordered = std::adjacent_find(milestones.begin(), milestones.end(), std::greater_equal<>());
  if (milestones.empty() || unordered != milestones.end()) {
    throw InputError("train.schedule.milestones", "epochs in ascending order", Json(milestones).dump());
  }
  if (static_cast<double>(milestones.front()) < warmup_epochs || milestones.back() >= epochs) {
    throw InputError("train.schedule.milestones",
                     "epochs after the warm-up and below train.epochs, " + std::to_string(epochs), Json(milestones).dump(),
                     "move the milestones or train longer");
  }
}

double MultistepSchedule::factor_after_warmup(const TrainingPosition& position) const {
  const std::int64_t epoch = position.update / position.updates_per_epoch;
  const auto passed = std::upper_bound(milestones.begin(), milestones.end(), epoch) - milestones.begin();
  return std::pow(gamma, passed);
}

void OneCycleSchedule::visit_fields(FieldVisitor& fields) {
  fields.real("pct_start", pct_start, kFraction, "fraction of training in which the learning rate rises");
  fields.real("start_factor", start_factor, kFraction, "first learning rate over the highest");
  fields.real("min_factor", min_factor, kFraction, "final learning rate over the highest");
}

double OneCycleSchedule::factor(const TrainingPosition& position) const {
  const auto update = static_cast<double>(position.update);
  const auto updates = static_cast<double>(position.epochs * position.updates_per_epoch);
  const double top = pct_start * updates - 1;  // where the factor is 1: between two updates, or before the first
  if (update <= top) return cosine_between(start_factor, 1, top > 0 ? update / top : 1);
  return cosine_between(1, min_factor, (update - top) / (updates - 1 - top));
}

void PlateauSchedule::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields);
  fields.choice("monitor", monitor, {{"loss", Monitor::loss}, {"top1", Monitor::top1}},
                "validation score that has to improve");
  fields.integer("patience", patience, kNonNegativeInteger,
                 "epochs without improvement before the learning rate is reduced");
  fields.real("gamma", gamma, kFractionBelowOne, "factor of each reduction");
  fields.real("threshold", threshold, kFractionBelowOne, "relative change of the best score that counts as an improvement");
  fields.integer("cooldown", cooldown, kNonNegativeInteger, "epochs after a reduction in which patience does not count");
  fields.real("min_factor", min_factor, kFraction, "lowest learning rate over the highest");
}

void PlateauSchedule::validate(std::int64_t epochs) const {
  WarmupSchedule::validate(epochs);
  // The first epoch that counts is the best so far; the factor falls after patience + 1 others, for the next epoch.
  const auto earliest = static_cast<std::int64_t>(std::ceil(warmup_epochs)) + patience + 3;
  if (earliest <= epochs) return;
  throw InputError("train.schedule.patience",
                   "so few epochs that the learning rate can fall within train.epochs, " + std::to_string(epochs),
                   std::to_string(patience), "lower the patience or train longer");
}

double PlateauSchedule::factor_after_warmup(const TrainingPosition& position) const {
  const std::int64_t finished = std::min(position.update / position.updates_per_epoch, std::ssize(position.validation));
  const double in_warmup = std::min(std::ceil(warmup_epochs), static_cast<double>(finished));
  const auto counted =
      position.validation.first(static_cast<std::size_t>(finished)).subspan(static_cast<std::size_t>(in_warmup));
  double factor = 1;
  ValidationScore best{kInfinity, -kInfinity};
  std::int64_t worse_epochs = 0;
  std::int64_t resting_epochs = 0;
  for (const ValidationScore& score : counted) {
    if (better(score, best)) {
      best = score;
      worse_epochs = 0;
    } else {
      ++worse_epochs;
    }
    if (resting_epochs > 0) {
      --resting_epochs;
      worse_epochs = 0;
    }
    if (worse_epochs > patience) {
      factor = std::max(factor * gamma, min_factor);
      resting_epochs = cooldown;
      worse_epochs = 0;
    }
  }
  return factor;
}

bool PlateauSchedule::better(const ValidationScore& score, const ValidationScore& best) const {
  if (monitor == Monitor::loss) return score.loss < best.loss * (1 - threshold);
  return score.top1 > best.top1 * (1 + threshold);
}

NamedOptions<Schedule> schedule_field() {
  return NamedOptions<Schedule>({{.name = "cosine", .make = [] { return std::make_shared<CosineSchedule>(); }},
                                 {.name = "step", .make = [] { return std::make_shared<StepSchedule>(); }},
                                 {.name = "multistep", .make = [] { return std::make_shared<MultistepSchedule>(); }},
                                 {.name = "one_cycle", .make = [] { return std::make_shared<OneCycleSchedule>(); }},
                                 {.name = "plateau", .make = [] { return std::make_shared<PlateauSchedule>(); }},
                                 {.name = "constant", .make = [] { return std::make_shared<ConstantSchedule>(); }}});
}

}  // namespace fovea
