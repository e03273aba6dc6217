#pragma once

#include <cstdint>
#include <string>

#include <fovea/train/epoch_record.h>

namespace fovea {

/// Progress of an unfinished epoch.
struct TrainingProgress {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t epochs = 0;
  std::int64_t images = 0;  ///< of this epoch so far
  std::int64_t epoch_images = 0;
  double loss = 0;  ///< mean over these images
  double top1 = 0;
  double images_per_second = 0;
  double remaining_seconds = 0;  ///< to the end of training
};

/// Callbacks of training, in the thread of Trainer::run().
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void progressed(const TrainingProgress&) {}
  /// @param epochs of the whole training, as configured.
  virtual void epoch_finished(const EpochRecord&, std::int64_t /*epochs*/) {}
  /// A warning; training continues.
  virtual void warn(const std::string&) {}
};

}  // namespace fovea
