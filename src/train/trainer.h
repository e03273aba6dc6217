#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <torch/torch.h>

#include <fovea/config/value.h>
#include <fovea/data/loader.h>
#include <fovea/eval/metrics.h>
#include <fovea/nn/classifier.h>
#include <fovea/train/checkpoint.h>
#include <fovea/train/run_directory.h>
#include <fovea/train/shards.h>
#include <fovea/train/train_options.h>

namespace fovea {

/// One finished epoch: a line of metrics.jsonl.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< from 1
  double train_loss = 0;   ///< the objective's mean over the epoch's images, as they were met
  double train_top1 = 0;
  std::optional<double> val_loss;  ///< nothing when there is no validation split
  std::optional<double> val_top1;
  double learning_rate = 0;  ///< of the last update
  double images_per_second = 0;
  double seconds = 0;  ///< training and validation
};

Json to_json(const EpochRecord& record);

/// Where an unfinished epoch stands.
struct TrainingProgress {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t epochs = 0;
  std::int64_t images = 0;  ///< done in this epoch
  std::int64_t epoch_images = 0;
  double loss = 0;  ///< mean so far in this epoch
  double top1 = 0;
  double images_per_second = 0;
  double remaining_seconds = 0;  ///< to the end of training
};

/// Is told how training goes, in the thread that called Trainer::run().
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void progressed(const TrainingProgress&) {}
  /// @param epochs of the whole training.
  virtual void epoch_finished(const EpochRecord&, std::int64_t /*epochs*/) {}
};

/// What Trainer needs. References must outlive it.
struct TrainingSetup {
  const TrainOptions& options;
  std::uint64_t seed;
  Json config;                          ///< resolved; kept in the checkpoint
  Json description;                     ///< for the model file; see describe_model()
  std::shared_ptr<Classifier> network;  ///< initialised, on `device`
  Shards::Build build;                  ///< makes another such network, on `device`
  const Loader& train;
  const Loader* validation;  ///< nullptr: the last weights are selected
  std::int64_t num_classes;
  int threads;
  torch::Device device;
  RunDirectory directory;
  TrainingObserver& observer;
  std::function<bool()> stop_requested;  ///< asked after every update and while validating
};

struct TrainingResult {
  bool interrupted = false;  ///< stopped on request, with a checkpoint written
  std::int64_t epochs = 0;   ///< finished
  double seconds = 0;
  double images_per_second = 0;  ///< over all of training, validation not counted
  std::optional<SelectedEpoch> best;
};

/// Trains a network. The same setup gives the same weights bit by bit: for any number of threads, and however often the run
/// is killed and resumed.
class Trainer {
 public:
  explicit Trainer(TrainingSetup setup);

  /// Goes on from the run directory's checkpoint. @return false when there is none. @throws InputError when it does not fit.
  bool resume();

  /// Trains to the end or until asked to stop. Afterwards the network holds the selected weights (unless interrupted).
  /// @throws NumericError when the loss is not a number; the last checkpoint stays.
  TrainingResult run();

 private:
  using Clock = std::chrono::steady_clock;

  void expect_plausible_counters(const std::string& path) const;
  void train_epoch();
  void stop();
  /// @throws NumericError.
  void expect_finite(double value, const char* what) const;
  void update(const Batch& batch);
  void finish_epoch();
  void select(const std::optional<ClassificationMetrics>& validation);
  void save();
  void report_progress() const;
  /// The schedule's factor for an update of the present epoch.
  double schedule_factor(std::int64_t batch) const;

  TrainingSetup setup_;
  ClassificationObjective objective_;
  Optimizer optimizer_;
  Shards shards_;
  Checkpoint state_;  ///< model and optimiser tensors are filled in only to be written
  Clock::time_point last_save_ = Clock::now();
  bool stopped_ = false;
};

}  // namespace fovea
