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

/// The configuration section `train`.
struct TrainOptions {
  std::int64_t epochs = 10;
  std::int64_t batch_size = 128;
  std::int64_t accumulate = 1;  ///< batches per update; each has batch-norm statistics of its own
  std::int64_t shards = 2;  ///< parts of a batch with batch-norm statistics of their own; part of the result, unlike threads
  NamedOptions<OptimizerOptions> optimizer = optimizer_field();
  NamedOptions<Schedule> schedule = schedule_field();
  double label_smoothing = 0;
  ClassWeightsField class_weights;
  bool hard_choices = false;  ///< the network makes some; set before fields are visited, as the next two are only then there
  NamedOptions<PolicyEstimator> policy = policy_field();
  StepLoss step_loss = StepLoss::rising;
  double clip_norm = 0;                    ///< largest norm of the whole gradient; 0 = no limit
  std::optional<double> ema_decay;         ///< of the weights' moving average, which is then what is scored and saved
  std::int64_t early_stopping_epochs = 0;  ///< without a better epoch on validation until training ends; 0 = never
  InitialWeightsOptions init;
  std::vector<std::string> freeze;  ///< patterns of layers that training leaves as they are
  LayerRatesField layer_rates;
  double checkpoint_seconds = 60;  ///< between checkpoints, to the end of an update; one is also written after every epoch

  void visit_fields(FieldVisitor& fields);
  /// @throws InputError when options exclude each other.
  void validate() const;
};

}  // namespace fovea
