#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/train/epoch_record.h>

namespace fovea {

/// The files of one training run.
class RunDirectory {
 public:
  /// @param path may end with slashes, as a shell completes it.
  explicit RunDirectory(std::string path) : path_(std::move(path)) {
    while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
  }

  const std::string& path() const { return path_; }
  std::string config() const { return path_ + "/config.yaml"; }                ///< resolved and complete
  std::string metrics() const { return path_ + "/metrics.jsonl"; }             ///< one JSON object per epoch
  std::string checkpoint() const { return path_ + "/checkpoint.ckpt"; }        ///< to resume from
  std::string model() const { return path_ + "/model.safetensors"; }           ///< the selected weights
  std::string events() const { return path_ + "/events.out.tfevents.fovea"; }  ///< the same metrics, for TensorBoard
  std::string summary() const { return path_ + "/summary.json"; }              ///< written at the end
  std::string curves() const { return path_ + "/curves.png"; }                 ///< loss and accuracy over the epochs
  std::string confusion(const std::string& split) const { return path_ + "/confusion_" + split + ".csv"; }
  std::string confusion_picture(const std::string& split) const { return path_ + "/confusion_" + split + ".png"; }
  std::string calibration_picture(const std::string& split) const { return path_ + "/calibration_" + split + ".png"; }

  /// True when the directory has a checkpoint, the first file of every run.
  bool has_checkpoint() const;
  /// Names of the files that a run would replace.
  std::vector<std::string> existing_files() const;

  /// Appends a line to metrics.jsonl. @throws SystemError.
  void append_metrics(const Json& line) const;
  /// Records of metrics.jsonl; empty when there is no such file. @throws InputError naming the first damaged line.
  std::vector<EpochRecord> read_metrics() const;
  /// Removes the epochs after `epochs` from metrics.jsonl, which a killed run wrote after its last checkpoint, and damaged
  /// lines. @return the number of epochs up to there that are missing.
  std::int64_t truncate_metrics(std::int64_t epochs) const;

 private:
  std::string path_;
};

}  // namespace fovea
