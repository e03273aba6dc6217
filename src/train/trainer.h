#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/data/content_record.h>
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

/// Inputs of a Trainer. References must outlive it.
struct TrainingSetup {
  const TrainOptions& options;
  std::uint64_t seed;
  Json config;                          ///< resolved; stored in the checkpoint
  Json description;                     ///< for the model file; see describe_model()
  std::shared_ptr<Classifier> network;  ///< initialised, on `device`
  Shards::Build build;                  ///< makes another such network, on `device`
  const Loader& train;
  const Loader* validation;  ///< nullptr: no validation, and the last weights are selected
  std::int64_t num_classes;
  std::vector<double> class_weights;  ///< loss weights; empty: all 1
  int threads;
  torch::Device device;
  RunDirectory directory;
  TrainingObserver& observer;
  std::function<bool()> stop_requested;  ///< polled after every update and during validation; empty: never
  /// Hashes of the images of files, saved with the checkpoint, so that a resumed run notices another image.
  std::map<std::string, std::shared_ptr<ContentRecord>> content_records = {};
};

struct TrainingResult {
  bool interrupted = false;  ///< stopped on request, with a checkpoint written
  std::int64_t epochs = 0;   ///< finished epochs; fewer than configured after early stopping
  double seconds = 0;
  double images_per_second = 0;  ///< of training, without validation
  std::optional<SelectedEpoch> best;
};

/// Speed of training on this machine, measured on some updates.
struct DryRun {
  std::int64_t updates = 0;
  double images_per_second = 0;  ///< without the first update, which warms up, unless it is the only one
  bool interrupted = false;      ///< stopped on request before the end
};

/// Training loop. The same setup gives the same weights bit by bit, for any number of threads and any number of kills and
/// resumes.
class Trainer {
 public:
  /// Freezes the layers that the options name. A network with hard choices needs options for their kind. @throws
  /// InputError when the options do not fit the network, or need a validation split and there is none.
  explicit Trainer(TrainingSetup setup);

  /// Writes the first checkpoint. From then on the run directory is this run's, and resume() continues it.
  void begin() { save(); }

  /// Resumes from the checkpoint of the run directory. @return false when there is none. @throws InputError when it belongs
  /// to another configuration or is damaged.
  bool resume();

  /// True when no epoch is left to train.
  bool finished() const { return state_.epoch == setup_.options.epochs || stops_early(); }

  /// Trains to the end, or until stop_requested. Afterwards the network has the selected weights (unless interrupted).
  /// @throws NumericError when the loss is NaN or infinite; the last checkpoint stays.
  TrainingResult run();

  /// Measures the speed of training: runs updates for `seconds` as in the epoch nearest to the middle of training in which
  /// the policy learns, if there is one. Writes no file. The network is changed and cannot be used
  /// afterwards; call it instead of run().
  DryRun dry_run(double seconds);

 private:
  using Clock = std::chrono::steady_clock;

  std::shared_ptr<Classifier> build_ready() const;
  bool stop_requested() const { return setup_.stop_requested && setup_.stop_requested(); }
  /// Parameters that are not frozen, with their multipliers.
  std::vector<TrainedParameter> trained_parameters() const;
  void expect_validation() const;
  void expect_plausible_counters(const std::string& path) const;
  /// @throws InputError.
  void restore_content_records(const std::string& path);
  /// Removes the epochs after the checkpoint from metrics and events, and warns about epochs that are missing there.
  void truncate_logs();
  /// Number of finished epochs at the point of training that dry_run() measures.
  std::int64_t typical_epoch() const;
  void train_epoch();
  void stop();
  /// @throws InputError for a batch of `images` that is too small for the network's norms.
  [[noreturn]] void throw_too_few_values(std::int64_t images, std::int64_t batch) const;
  /// @throws NumericError.
  void expect_finite(double value, const char* what) const;
  /// A finite gradient may give weights that are not, and so may an image for a running mean: a checkpoint holds neither.
  /// @throws NumericError.
  void expect_finite_network();
  /// Runs the next update of the epoch of `stream`. @return false at the end of the epoch.
  bool update(BatchStream& stream);
  void finish_epoch();
  std::optional<ClassificationMetrics> validate();
  void select(const std::optional<ClassificationMetrics>& validation);
  /// True when validation has not improved within the patience of early stopping.
  bool stops_early() const;
  void save();
  void report_progress() const;
  /// Images of the present epoch in the batches before number `batch`.
  std::int64_t images_before(std::int64_t batch) const;
  /// Network that is evaluated and saved: the trained one, or the moving average of its weights.
  Classifier& evaluated_network();
  std::int64_t updates_per_epoch() const;
  /// Number, since the beginning of training, of the update that begins with batch `batch` of the present epoch.
  std::int64_t update_number(std::int64_t batch) const;
  TrainingPosition position(std::int64_t batch) const;
  /// Factor of the schedule for the same update.
  double schedule_factor(std::int64_t batch) const;

  TrainingSetup setup_;
  std::unique_ptr<Objective> objective_;
  Optimizer optimizer_;
  Shards shards_;
  std::optional<WeightAverage> average_;
  EventFile events_;
  Checkpoint state_;  ///< tensors of model and optimiser are set only while it is written
  Clock::time_point last_save_ = Clock::now();
  bool stopped_ = false;
};

}  // namespace fovea
