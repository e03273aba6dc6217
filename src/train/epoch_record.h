#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

/// One finished epoch: a line of metrics.jsonl.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< from 1
  double train_loss = 0;   ///< the objective's mean over the epoch's images, as they were met
  double train_top1 = 0;
  std::optional<double> val_loss;  ///< nothing when there is no validation split
  std::optional<double> val_top1;
  double learning_rate = 0;  ///< of the last update, for a layer without a rate of its own
  double images_per_second = 0;
  double seconds = 0;  ///< training and validation
  /// What else the objective tells, as means over the epoch's images; nothing for what it did not tell in this epoch.
  std::map<std::string, std::optional<double>> parts;
};

Json to_json(const EpochRecord& record);

/// The numbers for TensorBoard, which groups tags by what stands before the slash.
std::vector<std::pair<std::string, double>> to_scalars(const EpochRecord& record);

}  // namespace fovea
