#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fovea {

/// The scalars of a training run's epochs as TensorBoard reads them: a TFRecord file of TensorFlow's `Event` messages, the
/// first of which names the version of the format. It has one writer; TensorBoard may follow it meanwhile.
class EventFile {
 public:
  /// @param path TensorBoard finds every file with "tfevents" in its name. Nothing is read or written yet.
  explicit EventFile(std::string path) : path_(std::move(path)) {}

  /// Appends one event with the values of one step, each with its tag, e.g. {"loss/train", 0.25}; they are stored as 32-bit
  /// floats, whatever they are. Creates the file when it is missing; what it holds already is not looked at.
  /// @throws SystemError naming the path, e.g. when the disk is full: keep() removes the torn event then.
  void append(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars) const;

  /// Cuts the file before the first event of a step after `last_step`, which a killed run wrote after its last checkpoint,
  /// or before the first one that is torn, damaged or foreign, whichever comes first; without a valid beginning, all of it.
  /// A file with nothing to cut is not touched, and a missing one stays missing. It is cut in place: TensorBoard may hold it
  /// open.
  /// @throws SystemError naming the path; InputError when it is unreadable or larger than 256 MiB.
  void keep(std::int64_t last_step) const;

 private:
  std::string path_;
};

}  // namespace fovea
