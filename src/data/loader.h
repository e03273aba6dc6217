#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/data/augment.h>
#include <fovea/data/dataset.h>
#include <fovea/data/preprocess.h>
#include <fovea/data/sampler.h>
#include <fovea/data/split.h>
#include <fovea/nn/batch.h>

namespace fovea {

struct LoaderOptions {
  std::int64_t batch_size = 128;
  int workers = 2;                         ///< threads that read, decode and augment; at least 1
  int prefetch = 4;                        ///< batches kept ready beyond the one in use
  bool training = false;                   ///< sample and augment
  std::uint64_t seed = 0;                  ///< of order and augmentation
  Sampling sampling = Sampling::shuffled;  ///< read only when training
  AugmentOptions augment = {};             ///< read only when training
  /// Told of every sample that is left out, and why, by whatever thread met it; every time.
  std::function<void(const std::string& name, const std::string& why)> left_out = {};
};

/// The batches of one pass, in order, made ahead of time by worker threads. Must not outlive its Loader.
class BatchStream {
 public:
  ~BatchStream();
  BatchStream(BatchStream&&) noexcept;

  /// The next batch, or nothing at the end. Rethrows what reading that batch threw.
  std::optional<Batch> next();

 private:
  friend class Loader;
  struct State;
  explicit BatchStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Reads chosen samples of a data set in batches. What a batch holds depends on (seed, epoch, its number) only: not on the
/// number of workers, nor on their timing. The last batch may be smaller; in training a single image left over joins the
/// batch before, because batch norm cannot work on one.
///
/// Where the data set says that unreadable samples are to be left out, an evaluation's batch is smaller by them (maybe
/// empty); in training the next readable one of the epoch's order, and of their class when sampling is balanced, takes their
/// place, so that batches keep their size.
///
/// Everything random about a place in an epoch is keyed by (seed, epoch, the image meant for it, which use of that image
/// this is), so that an image that an epoch shows twice is augmented anew.
class Loader {
 public:
  Loader(std::shared_ptr<const Dataset> dataset, Indices indices, std::shared_ptr<const Preprocess> preprocess,
         LoaderOptions options);

  std::int64_t batches() const;
  std::int64_t images() const { return static_cast<std::int64_t>(indices_.size()); }

  /// The batches of an epoch from number `first_batch` on.
  BatchStream epoch(std::int64_t epoch, std::int64_t first_batch = 0) const;

  /// The samples of every epoch, in the order they were given.
  const Indices& indices() const { return indices_; }

  /// The order of an epoch's samples, as many as images(): the one given, or a random one when training.
  EpochOrder order(std::int64_t epoch) const;

  /// One batch, made by the calling thread. @param order the epoch's order of samples.
  Batch batch(const EpochOrder& order, std::int64_t epoch, std::int64_t number) const;
  /// Likewise, of samples that come once each.
  Batch batch(const Indices& order, std::int64_t epoch, std::int64_t number) const;

 private:
  /// Of everything random about one use of a sample.
  RandomStream stream_of(const ImageUse& use, std::int64_t epoch) const;
  /// Makes network input of a sample as it was read: its image, and its box in that image.
  void prepare(Sample& sample) const;
  /// Likewise for training. No box is left.
  void prepare_augmented(Sample& sample, const RandomStream& stream) const;
  /// The sample as it goes into a batch; nothing, but `why`, when it is left out. @param stream read only when training.
  std::optional<Sample> prepared(std::int64_t index, const RandomStream& stream, std::string& why) const;
  Sample prepared_or_next(const EpochOrder& order, std::int64_t position, const RandomStream& stream) const;

  std::shared_ptr<const Dataset> dataset_;
  Indices indices_;
  std::shared_ptr<const Preprocess> preprocess_;
  LoaderOptions options_;
  std::vector<Indices> classes_;  ///< read only when sampling is balanced
  Fill mean_;
};

}  // namespace fovea
