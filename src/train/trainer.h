#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/data/loader.h>
#include <fovea/eval/metrics.h>
#include <fovea/nn/classifier.h>
#include <fovea/train/checkpoint.h>
#include <fovea/train/event_file.h>
#include <fovea/train/optimizer.h>
#include <fovea/train/run_directory.h>
#include <fovea/train/shards.h>
#include <fovea/train/train_options.h>
#include <fovea/train/training_observer.h>
#include <fovea/train/weight_average.h>

namespace fovea {

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
  std::vector<double> class_weights;  ///< of the loss; empty: all 1
  int threads;
  torch::Device device;
  RunDirectory directory;
  TrainingObserver& observer;
  std::function<bool()> stop_requested;  ///< asked after every update and while validating
};

struct TrainingResult {
  bool interrupted = false;  ///< stopped on request, with a checkpoint written
  std::int64_t epochs = 0;   ///< finished: fewer than configured when training stopped early
  double seconds = 0;
  double images_per_second = 0;  ///< over all of training, validation not counted
  std::optional<SelectedEpoch> best;
};

/// How training would go on this machine, measured on some updates.
struct TrainingRehearsal {
  std::int64_t updates = 0;
  double images_per_second = 0;  ///< the first update, which warms up, not counted unless it is the only one
  bool interrupted = false;      ///< stopped on request, before the time was over
};

/// Trains a network. The same setup gives the same weights bit by bit: for any number of threads, and however often the run
/// is killed and resumed.
class Trainer {
 public:
  /// Freezes what the options say in the network, which has hard choices if the options say so. @throws InputError when they
  /// do not fit the network, or need a validation split that is not there.
  explicit Trainer(TrainingSetup setup);

  /// Goes on from the run directory's checkpoint. @return false when there is none. @throws InputError when it does not fit.
  bool resume();

  /// Trains to the end or until asked to stop. Afterwards the network holds the selected weights (unless interrupted).
  /// @throws NumericError when the loss is not a number; the last checkpoint stays.
  TrainingResult run();

  /// Does the updates of an epoch from the midst of training for `seconds` and writes nothing; the network is then of no
  /// use. Instead of run().
  TrainingRehearsal rehearse(double seconds);

 private:
  using Clock = std::chrono::steady_clock;

  std::shared_ptr<Classifier> build_ready() const;
  /// Those that are not frozen.
  std::vector<TrainedParameter> trained_parameters() const;
  void expect_validation() const;
  void expect_plausible_counters(const std::string& path) const;
  void train_epoch();
  void stop();
  /// @throws NumericError.
  void expect_finite(double value, const char* what) const;
  /// Does the next update of the epoch that `stream` gives. @return false when there is none left.
  bool update(BatchStream& stream);
  void finish_epoch();
  std::optional<ClassificationMetrics> validate();
  void select(const std::optional<ClassificationMetrics>& validation);
  /// Whether validation has not improved for as long as the options allow.
  bool stops_early() const;
  bool finished() const { return state_.epoch == setup_.options.epochs || stops_early(); }
  void save();
  void report_progress() const;
  /// Of the present epoch, in the batches before number `batch`.
  std::int64_t images_before(std::int64_t batch) const;
  /// What is scored and saved: the network, or the average of its weights.
  Classifier& scored_network();
  std::int64_t updates_per_epoch() const;
  /// Of the update that begins with batch `batch` of the present epoch, since the beginning of training.
  std::int64_t update_number(std::int64_t batch) const;
  TrainingPosition position(std::int64_t batch) const;
  /// The schedule's factor for the same update.
  double schedule_factor(std::int64_t batch) const;

  TrainingSetup setup_;
  std::unique_ptr<Objective> objective_;
  Optimizer optimizer_;
  Shards shards_;
  std::optional<WeightAverage> average_;
  EventFile events_;
  Checkpoint state_;  ///< model and optimiser tensors are filled in only to be written
  Clock::time_point last_save_ = Clock::now();
  bool stopped_ = false;
};

}  // namespace fovea
