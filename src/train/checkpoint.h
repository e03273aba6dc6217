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

/// Epoch with the best validation score so far; its weights are the selected ones.
struct SelectedEpoch {
  std::int64_t epoch = 0;  ///< from 1
  double val_top1 = 0;
  double val_loss = 0;
};

/// State of an unfinished training run. A resumed run ends with the same bits as one that was never stopped. Random draws
/// are keyed by the counters, so there is no generator state.
struct Checkpoint {
  Json config;               ///< resolved; only the same configuration resumes
  std::int64_t epoch = 0;    ///< finished epochs
  std::int64_t batch = 0;    ///< finished batches of the next epoch
  StepSums sums;             ///< over the finished batches of that epoch
  double seconds = 0;        ///< training and validation so far
  double train_seconds = 0;  ///< training alone so far
  double epoch_seconds = 0;  ///< training of the unfinished epoch
  std::optional<SelectedEpoch> best;
  std::vector<ValidationScore> validation;  ///< one per finished epoch; empty without a validation split
  NamedTensors model;
  NamedTensors optimizer;
  NamedTensors average;   ///< moving average of the weights; empty without ema_decay
  NamedTensors selected;  ///< weights of the best epoch; empty before the first
  NamedTensors images;    ///< int64 [N] of each split: hashes of the images as they were read; see ContentRecord
};

/// Writes a checkpoint, with a checksum. The file is replaced atomically: on a full disk the old one stays. @throws
/// SystemError.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Reads a checkpoint. @throws InputError when the file is not a checkpoint, is damaged, or belongs to another configuration
/// than `config`; the message names the first key that differs, or counts the images.
Checkpoint read_checkpoint(const std::string& path, const Json& config);

}  // namespace fovea
