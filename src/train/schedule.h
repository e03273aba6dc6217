#pragma once

#include <cstdint>
#include <vector>

#include <fovea/config/named_options.h>
#include <fovea/train/training_position.h>

namespace fovea {

/// The learning rate over time, as a factor in [0, 1] of the optimiser's, set anew for every update.
struct Schedule : Options {
  /// The factor for the update at `position`, of which it is a pure function.
  virtual double factor(const TrainingPosition& position) const = 0;

  /// Whether the factor follows from the validation scores, so that a validation split is needed.
  virtual bool needs_validation() const { return false; }

  /// @throws InputError when options exclude each other or do not fit so many epochs.
  virtual void validate(std::int64_t /*epochs*/) const {}
};

/// A schedule that may begin with a warm-up, "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", arXiv:1706.02677.
struct WarmupSchedule : Schedule {
  double warmup_epochs = 0;  ///< the factor rises linearly over this long, reaching its full value at the end

  double factor(const TrainingPosition& position) const final;
  void validate(std::int64_t epochs) const override;

 protected:
  void visit_warmup(FieldVisitor& fields);
  /// The factor at a position behind the warm-up; epochs count from the start of training.
  virtual double factor_after_warmup(const TrainingPosition& position) const = 0;
};

/// Always 1.
struct ConstantSchedule final : WarmupSchedule {
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;
};

/// Half a cosine from 1 to `final_factor`, "SGDR: Stochastic Gradient Descent with Warm Restarts", arXiv:1608.03983, without
/// restarts.
struct CosineSchedule final : WarmupSchedule {
  double final_factor = 0;
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;
};

/// Multiplied by `decay` every `every_epochs` epochs.
struct StepSchedule final : WarmupSchedule {
  double every_epochs = 30;
  double decay = 0.1;
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;
};

/// Multiplied by `decay` when as many epochs are done as each of the milestones says.
struct MultistepSchedule final : WarmupSchedule {
  std::vector<std::int64_t> milestones;  ///< strictly ascending, after the warm-up and before the end of training
  double decay = 0.1;
  void visit_fields(FieldVisitor& fields) override;
  void validate(std::int64_t epochs) const override;

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;
};

/// Up from `start_factor` to 1 and down to `final_factor`, each along half a cosine, "Super-Convergence: Very Fast Training
/// of Neural Networks Using Large Learning Rates", arXiv:1708.07120, with the arithmetic of torch's OneCycleLR in two
/// phases. Differs from the paper: cosines, and momentum is left alone.
struct OneCycleSchedule final : Schedule {
  double rise = 0.3;                ///< share of all updates in which the factor goes up
  double start_factor = 1.0 / 25;   ///< at the first update
  double final_factor = 1e-4 / 25;  ///< at the last update
  void visit_fields(FieldVisitor& fields) override;
  double factor(const TrainingPosition& position) const override;
};

/// Multiplied by `decay` when validation has not got better for more than `patience` epochs, with the arithmetic of torch's
/// ReduceLROnPlateau and its relative threshold, but without its `eps`, which keeps very small rates as they are. Epochs in
/// which the warm-up goes on are not judged, nor are scores of epochs that end behind the position.
struct PlateauSchedule final : WarmupSchedule {
  enum class Monitor { loss, top1 };

  Monitor monitor = Monitor::loss;
  std::int64_t patience = 10;  ///< epochs without a better score that are let pass
  double decay = 0.1;
  double threshold = 1e-4;    ///< better: by more than this share of the best score
  std::int64_t cooldown = 0;  ///< epochs after each decay that do not count as without a better score
  double minimum_factor = 0;  ///< no decay goes below
  void visit_fields(FieldVisitor& fields) override;
  void validate(std::int64_t epochs) const override;
  bool needs_validation() const override { return true; }

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;

 private:
  bool better(const ValidationScore& score, const ValidationScore& best) const;
};

/// The configuration key `train.schedule`.
NamedOptions<Schedule> schedule_field();

}  // namespace fovea
