#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fovea {

/// TensorBoard file with the scalars of a training run: a TFRecord file of TensorFlow's `Event` messages. The first event
/// holds the version of the format. There is one writer; TensorBoard may read the file at the same time.
class EventFile {
 public:
  /// @param path a file with "tfevents" in its name, by which TensorBoard finds it. The file is not opened yet.
  explicit EventFile(std::string path) : path_(std::move(path)) {}

  /// Appends one event with the values of one step, each with its tag, e.g. {"loss/train", 0.25}. Values are stored as
  /// 32-bit floats. Creates the file when it is missing; existing events are not read.
  /// @throws SystemError naming the path, e.g. when the disk is full; truncate() removes the truncated event.
  void append(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars) const;

  /// Truncates the file before the first event of a step after `last_step`, which a killed run wrote after its last
  /// checkpoint, or before the first truncated, damaged or unknown event. A file without a valid header becomes empty. A
  /// file without such events is not written, and a missing file stays missing. The file keeps its inode, because
  /// TensorBoard may hold it open.
  /// @return the step of the last event that stays; 0 without one.
  /// @throws SystemError naming the path; InputError when it is unreadable or larger than 256 MiB.
  std::int64_t truncate(std::int64_t last_step) const;

 private:
  std::string path_;
};

}  // namespace fovea
