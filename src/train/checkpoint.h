#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/nn/named_tensors.h>
#include <fovea/train/shards.h>
#include <fovea/train/validation_score.h>

namespace fovea {

/// The epoch whose weights are selected so far.
struct SelectedEpoch {
  std::int64_t epoch = 0;  ///< from 1
  double val_top1 = 0;
  double val_loss = 0;
};

/// Everything that training needs to go on as if it had not stopped. Randomness is keyed by these counters, so no generator
/// state is among it.
struct Checkpoint {
  Json config;               ///< resolved; training goes on only with the same
  std::int64_t epoch = 0;    ///< finished epochs
  std::int64_t batch = 0;    ///< finished batches of the next one
  StepSums sums;             ///< over these batches
  double seconds = 0;        ///< so far, training and validation
  double train_seconds = 0;  ///< so far, training alone
  double epoch_seconds = 0;  ///< training of the unfinished epoch
  std::optional<SelectedEpoch> best;
  std::vector<ValidationScore> validation;  ///< of every finished epoch; empty without a validation split
  NamedTensors model;
  NamedTensors optimizer;
  NamedTensors average;   ///< the weights' moving average; empty when none is kept
  NamedTensors selected;  ///< weights of the best epoch; empty before the first
};

/// Replaces the file atomically; on a full disk the old checkpoint stays. @throws SystemError.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// @throws InputError when the file is no checkpoint, is damaged, or was made with another configuration than `config`; the
/// message names the first key that differs.
Checkpoint read_checkpoint(const std::string& path, const Json& config);

}  // namespace fovea
