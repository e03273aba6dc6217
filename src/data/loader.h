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
  std::int64_t batch_size = 128;           ///< >= 1
  int workers = 2;                         ///< threads that read, decode and augment; >= 1
  int prefetch = 4;                        ///< batches prepared in advance; >= 0
  bool training = false;                   ///< random order and augmentation
  std::uint64_t seed = 0;                  ///< for order and augmentation
  Sampling sampling = Sampling::shuffled;  ///< read only when training
  AugmentOptions augment = {};             ///< read only when training
  /// Called for every skipped sample, each time, from any thread.
  std::function<void(const std::string& name, const std::string& why)> on_skipped = {};
};

/// @throws InputError for an option out of its range, or an augmentation that AugmentOptions::expect_valid() refuses.
void expect_valid(LoaderOptions& options);

/// Batches of one epoch, in order, prefetched by worker threads. Must not outlive its Loader.
class BatchStream {
 public:
  ~BatchStream();
  BatchStream(BatchStream&&) noexcept;

  /// The next batch; None at the end. Rethrows the exceptions of reading it.
  std::optional<Batch> next();

 private:
  friend class Loader;
  struct State;
  explicit BatchStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Data loader: reads samples of a data set in batches. A batch depends on (seed, epoch, its number) only, not on the number
/// of workers and their timing. The last batch may be smaller; in training, a single remaining image joins the previous
/// batch, because batch norm needs two.
///
/// When the data set skips unreadable samples, an evaluation batch omits them (and may be empty). In training, the
/// next readable sample of the epoch's order (of the same class, when sampling is balanced) replaces a skipped one, so that
/// batches keep their size.
///
/// The random draws of a sample are keyed by (seed, epoch, index, repetition), so that an image that occurs twice in an
/// epoch is augmented in two ways.
class Loader {
 public:
  /// @throws InputError as expect_valid() does.
  Loader(std::shared_ptr<const Dataset> dataset, Indices indices, std::shared_ptr<const Preprocess> preprocess,
         LoaderOptions options);

  std::int64_t batches() const;
  std::int64_t images() const { return static_cast<std::int64_t>(indices_.size()); }

  /// Batches of an epoch, starting with number `first_batch`. @throws SystemError when a worker cannot be started.
  BatchStream epoch(std::int64_t epoch, std::int64_t first_batch = 0) const;

  /// Indices of the samples, in the given order.
  const Indices& indices() const { return indices_; }

  /// Path of the file of the sample at a position in that order; see Dataset::path().
  std::optional<std::string> path(std::int64_t position) const;

  /// Order of the samples in an epoch, images() long: the given order, or a random one in training.
  EpochOrder order(std::int64_t epoch) const;

  /// One batch, made in the calling thread. @param order order of the samples in the epoch.
  Batch batch(const EpochOrder& order, std::int64_t epoch, std::int64_t number) const;
  /// Likewise for an order without repetitions.
  Batch batch(const Indices& order, std::int64_t epoch, std::int64_t number) const;

 private:
  /// Random stream of one use of a sample.
  RandomStream stream_of(const ImageUse& use, std::int64_t epoch) const;
  /// Preprocesses a sample: its image, and its box in that image.
  void prepare(Sample& sample) const;
  /// Preprocesses and augments a sample for training; removes its box.
  void prepare_augmented(Sample& sample, const RandomStream& stream) const;
  /// The preprocessed sample; None, with the reason in `why`, when it is skipped. @param stream used in training only.
  std::optional<Sample> prepared(std::int64_t index, const RandomStream& stream, std::string& why) const;
  Sample prepared_or_next(const EpochOrder& order, std::int64_t position, const RandomStream& stream) const;

  std::shared_ptr<const Dataset> dataset_;
  Indices indices_;
  std::shared_ptr<const Preprocess> preprocess_;
  LoaderOptions options_;
  std::vector<Indices> classes_;  ///< of balanced sampling
  PixelValue mean_;
};

}  // namespace fovea
