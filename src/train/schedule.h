#pragma once

#include <cstdint>

#include <fovea/config/named_options.h>

namespace fovea {

/// Where training stands, counted in updates.
struct TrainingPosition {
  std::int64_t update = 0;             ///< updates done before this one
  std::int64_t updates_per_epoch = 1;  ///< >= 1
  std::int64_t epochs = 1;

  double epoch() const { return static_cast<double>(update) / static_cast<double>(updates_per_epoch); }
};

/// The learning rate over time, as a factor in [0, 1] of the optimiser's, set anew for every update.
struct Schedule : Options {
  double warmup_epochs = 0;  ///< the factor rises linearly over this long, reaching its full value at the end

  /// The factor for the update at `position`.
  double factor(const TrainingPosition& position) const;

 protected:
  void visit_warmup(FieldVisitor& fields);
  /// The factor after warm-up. @param epoch fractional, from the start of training. @param epochs in all.
  virtual double factor_after_warmup(double epoch, double epochs) const = 0;
};

/// Always 1.
struct ConstantSchedule final : Schedule {
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(double epoch, double epochs) const override;
};

/// Half a cosine from 1 to `final_factor`, "SGDR: Stochastic Gradient Descent with Warm Restarts", arXiv:1608.03983, without
/// restarts.
struct CosineSchedule final : Schedule {
  double final_factor = 0;
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(double epoch, double epochs) const override;
};

/// Multiplied by `decay` every `every_epochs` epochs.
struct StepSchedule final : Schedule {
  double every_epochs = 30;
  double decay = 0.1;
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(double epoch, double epochs) const override;
};

/// The configuration key `train.schedule`.
NamedOptions<Schedule> schedule_field();

}  // namespace fovea
