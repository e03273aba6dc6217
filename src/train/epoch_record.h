#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

/// Metrics of one finished epoch: a line of metrics.jsonl. A number that is NaN is null there.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< from 1
  double train_loss = 0;   ///< mean loss over the training images, each with the weights of its batch
  double train_top1 = 0;
  std::optional<double> val_loss;  ///< None without a validation split
  std::optional<double> val_top1;
  double learning_rate = 0;  ///< of the last update, for layers with a multiplier of 1
  double images_per_second = 0;
  double seconds = 0;  ///< training and validation
  /// Further metrics of the objective, means over the epoch's images; None where no batch reported one. See Loss::parts.
  std::map<std::string, std::optional<double>> parts;
};

/// The record as a line of metrics.jsonl; None becomes null.
Json to_json(const EpochRecord& record);

/// Inverse of to_json(). A number that the line does not have, e.g. one of an earlier version, is NaN or none.
/// @throws InputError unless the line is an object with an epoch >= 1.
EpochRecord read_epoch_record(const Json& line);

/// Tags and values for TensorBoard, which groups tags by the part before the slash.
std::vector<std::pair<std::string, double>> to_scalars(const EpochRecord& record);

}  // namespace fovea
