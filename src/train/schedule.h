#pragma once

#include <cstdint>
#include <vector>

#include <fovea/config/named_options.h>
#include <fovea/train/training_position.h>

namespace fovea {

/// Learning-rate schedule: a factor in [0, 1] that multiplies the optimiser's learning rate, for every update.
struct Schedule : Options {
  /// Factor for the update at `position`; a pure function of the position.
  virtual double factor(const TrainingPosition& position) const = 0;

  /// True when the factor depends on the validation scores; a validation split is then needed.
  virtual bool needs_validation() const { return false; }

  /// @throws InputError when options exclude each other or do not fit the number of epochs.
  virtual void validate(std::int64_t /*epochs*/) const {}
};

/// A schedule with a linear warm-up, "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", arXiv:1706.02677.
struct WarmupSchedule : Schedule {
  double warmup_epochs = 0;  ///< epochs over which the factor rises linearly to 1; 0: no warm-up

  double factor(const TrainingPosition& position) const final;
  void validate(std::int64_t epochs) const override;

 protected:
  void visit_warmup(FieldVisitor& fields);
  /// Factor at a position after the warm-up; epochs count from the start of training.
  virtual double factor_after_warmup(const TrainingPosition& position) const = 0;
};

/// Factor 1 after the warm-up.
struct ConstantSchedule final : WarmupSchedule {
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;
};

/// Cosine annealing from 1 to `min_factor`, "SGDR: Stochastic Gradient Descent with Warm Restarts", arXiv:1608.03983,
/// without restarts.
struct CosineSchedule final : WarmupSchedule {
  double min_factor = 0;  ///< final learning rate over the highest
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;
};

/// Step decay: the factor is multiplied by `gamma` every `step_size` epochs.
struct StepSchedule final : WarmupSchedule {
  double step_size = 30;  ///< in epochs
  double gamma = 0.1;
  void visit_fields(FieldVisitor& fields) override;

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;
};

/// Multi-step decay: the factor is multiplied by `gamma` at each milestone.
struct MultistepSchedule final : WarmupSchedule {
  std::vector<std::int64_t>
      milestones;  ///< finished epochs, strictly ascending, after the warm-up and before the end of training
  double gamma = 0.1;
  void visit_fields(FieldVisitor& fields) override;
  void validate(std::int64_t epochs) const override;

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;
};

/// One-cycle policy, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates",
/// arXiv:1708.07120, with the arithmetic of torch's OneCycleLR in two phases: the factor rises from `start_factor` to 1 and
/// falls to `min_factor`. Differs from the paper: cosine annealing, and a constant momentum.
struct OneCycleSchedule final : Schedule {
  double pct_start = 0.3;          ///< fraction of all updates in which the factor rises
  double start_factor = 1.0 / 25;  ///< factor at the first update
  double min_factor = 1e-4 / 25;   ///< factor at the last update
  void visit_fields(FieldVisitor& fields) override;
  double factor(const TrainingPosition& position) const override;
};

/// Reduction on a plateau: the factor is multiplied by `gamma` when the validation score has not improved for more than
/// `patience` epochs. The arithmetic is that of torch's ReduceLROnPlateau with a relative threshold; its `eps`, below which
/// it keeps the learning rate, does not exist. Epochs of the warm-up, and epochs that end after the position, do not count.
struct PlateauSchedule final : WarmupSchedule {
  enum class Monitor { loss, top1 };

  Monitor monitor = Monitor::loss;
  std::int64_t patience = 10;  ///< epochs without improvement before the factor falls
  double gamma = 0.1;
  double threshold = 1e-4;    ///< relative change of the best score that counts as an improvement
  std::int64_t cooldown = 0;  ///< epochs after a reduction in which patience does not count
  double min_factor = 0;      ///< lower bound of the factor
  void visit_fields(FieldVisitor& fields) override;
  void validate(std::int64_t epochs) const override;
  bool needs_validation() const override { return true; }

 protected:
  double factor_after_warmup(const TrainingPosition& position) const override;

 private:
  bool better(const ValidationScore& score, const ValidationScore& best) const;
};

/// Configuration key `train.schedule`.
NamedOptions<Schedule> schedule_field();

}  // namespace fovea
