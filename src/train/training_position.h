#pragma once

#include <cstdint>
#include <span>

#include <fovea/train/validation_score.h>

namespace fovea {

/// Position in training, counted in updates.
struct TrainingPosition {
  std::int64_t update = 0;             ///< number of this update, from 0
  std::int64_t updates_per_epoch = 1;  ///< >= 1
  std::int64_t epochs = 1;
  std::span<const ValidationScore> validation;  ///< one per finished epoch; empty without a validation split

  double epoch() const { return static_cast<double>(update) / static_cast<double>(updates_per_epoch); }
};

}  // namespace fovea
