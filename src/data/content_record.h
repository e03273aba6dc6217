#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <fovea/data/dataset.h>

namespace fovea {

/// Hashes of the images of a data set, each recorded when it is read for the first time: a data set on a disk is too large
/// to be read before training only to see whether it has changed. Threads may use it at the same time.
class ContentRecord {
 public:
  explicit ContentRecord(std::int64_t size) : hashes_(static_cast<std::size_t>(size)) {}

  /// Records the hash of an image. @return false when another one was recorded before.
  bool record(std::int64_t index, const Image& image);
  /// True when the image has been read.
  bool has(std::int64_t index) const { return hashes_[static_cast<std::size_t>(index)] != 0; }

  /// The hashes in order, 0 for an image that was not read.
  std::vector<std::int64_t> hashes() const;
  /// Takes up the hashes of another process. Those of images that this data set does not have are ignored.
  void restore(const std::vector<std::int64_t>& hashes);

 private:
  std::vector<std::atomic<std::uint64_t>> hashes_;
};

/// A data set of files (see Dataset::reads_files()) that compares every image it reads with the record. Its samples throw
/// Error, which nothing skips, for an image that has changed or become unreadable since it was recorded.
std::shared_ptr<const Dataset> recorded_dataset(std::shared_ptr<const Dataset> dataset,
                                                std::shared_ptr<ContentRecord> record);

}  // namespace fovea
