#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/named_options.h>
#include <fovea/policy/policy_estimator.h>
#include <fovea/train/class_weights.h>
#include <fovea/train/layer_rates.h>
#include <fovea/train/optimizer_options.h>
#include <fovea/train/schedule.h>
#include <fovea/train/step_loss.h>
#include <fovea/weights/initial_weights.h>

namespace fovea {

/// Configuration section `train`.
struct TrainOptions {
  std::int64_t epochs = 10;
  std::int64_t batch_size = 128;
  std::int64_t accumulate = 1;  ///< batches per update; each has its own batch-norm statistics
  std::int64_t shards = 2;  ///< ghost batches, each with its own batch-norm statistics; unlike threads, they change results
  NamedOptions<OptimizerOptions> optimizer = optimizer_field();
  NamedOptions<Schedule> schedule = schedule_field();
  double label_smoothing = 0;
  ClassWeightsField class_weights;
  ChoiceKind choices = ChoiceKind::none;                  ///< of the network; see set_choices()
  NamedOptions<PolicyEstimator> policy = policy_field();  ///< with hard choices
  StepLoss step_loss = StepLoss::linear;                  ///< with choices of locations
  double clip_norm = 0;                                   ///< gradient clipping: largest norm of the whole gradient; 0: none
  std::optional<double>
      ema_decay;  ///< decay of the weights' moving average, which is then evaluated and saved; None: no average
  std::int64_t early_stopping_epochs = 0;  ///< patience of early stopping on validation; 0: no early stopping
  InitialWeightsOptions init;
  std::vector<std::string> freeze;  ///< names or patterns of layers that are not trained
  LayerRatesField layer_rates;
  double checkpoint_seconds = 60;  ///< between checkpoints within an epoch; one is also written after every epoch

  /// Sets the kind of the network's choices, and a policy for it; call it before fields are visited.
  void set_choices(ChoiceKind kind);

  void visit_fields(FieldVisitor& fields);
  /// @throws InputError when options exclude each other.
  void validate() const;
};

}  // namespace fovea
