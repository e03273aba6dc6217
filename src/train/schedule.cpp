#include <algorithm>
#include <cmath>
#include <numbers>

#include <fovea/train/schedule.h>

namespace fovea {

double Schedule::factor(const TrainingPosition& position) const {
  const double warmup_updates = warmup_epochs * static_cast<double>(position.updates_per_epoch);
  const double done = static_cast<double>(position.update) + 1;  // the first update already takes a step
  if (done < warmup_updates) return done / warmup_updates;
  return factor_after_warmup(position.epoch(), static_cast<double>(position.epochs));
}

void Schedule::visit_warmup(FieldVisitor& fields) {
  fields.real("warmup_epochs", warmup_epochs, kNonNegative, "epochs over which the learning rate rises linearly");
}

void ConstantSchedule::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields);
}

double ConstantSchedule::factor_after_warmup(double, double) const {
  return 1;
}

void CosineSchedule::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields);
  fields.real("final_factor", final_factor, kFraction, "factor at the end of training");
}

double CosineSchedule::factor_after_warmup(double epoch, double epochs) const {
  if (epochs <= warmup_epochs) return 1;
  const double progress = std::max(0.0, (epoch - warmup_epochs) / (epochs - warmup_epochs));
  return final_factor + (1 - final_factor) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

void StepSchedule::visit_fields(FieldVisitor& fields) {
  visit_warmup(fields);
  fields.real("every_epochs", every_epochs, kPositive, "epochs between two steps");
  fields.real("decay", decay, kFraction, "factor of each step");
}

double StepSchedule::factor_after_warmup(double epoch, double) const {
  return std::pow(decay, std::floor(epoch / every_epochs));
}

NamedOptions<Schedule> schedule_field() {
  return NamedOptions<Schedule>({{"cosine", [] { return std::make_shared<CosineSchedule>(); }},
                                 {"step", [] { return std::make_shared<StepSchedule>(); }},
                                 {"constant", [] { return std::make_shared<ConstantSchedule>(); }}});
}

}  // namespace fovea
