#pragma once

#include <cstdint>

#include <fovea/config/named_options.h>
#include <fovea/train/optimizer.h>
#include <fovea/train/schedule.h>

namespace fovea {

/// The configuration section `train`.
struct TrainOptions : Options {
  std::int64_t epochs = 10;
  std::int64_t batch_size = 128;
  std::int64_t shards = 2;  ///< parts of a batch with batch-norm statistics of their own; part of the result, unlike threads
  NamedOptions<OptimizerOptions> optimizer = optimizer_field();
  NamedOptions<Schedule> schedule = schedule_field();
  double label_smoothing = 0;
  double clip_norm = 0;            ///< largest norm of the whole gradient; 0 = no limit
  double checkpoint_seconds = 60;  ///< longest time between checkpoints; one is also written after every epoch

  void visit_fields(FieldVisitor& fields) override;
  /// @throws InputError when options exclude each other.
  void validate() const;
};

}  // namespace fovea
