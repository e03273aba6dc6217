#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/eval/interval.h>
#include <fovea/run/environment.h>
#include <fovea/run/experiment.h>
#include <fovea/run/experiment_data.h>
#include <fovea/run/glimpse_scores.h>
#include <fovea/train/training_observer.h>

namespace fovea {

/// Callbacks of a run.
class RunObserver : public TrainingObserver {
 public:
  /// A message for the user.
  virtual void note(const std::string&) {}
  /// Called by any thread, one call at a time.
  void warn(const std::string&) override {}
};

struct RunOptions {
  std::optional<std::string> out = {};        ///< the run directory; None: the experiment's
  bool resume = false;                        ///< from the run directory's checkpoint; from the beginning if it has no run
  std::string device = "auto";                ///< auto, cpu, cuda or cuda:<index>
  int threads = available_threads();          ///< never changes the result
  RunObserver* observer = nullptr;            ///< must outlive the run
  std::function<bool()> stop_requested = {};  ///< polled after every update; true stops the run with a checkpoint
};

/// Number of images in each split, with those that are skipped as unreadable.
struct ImageCounts {
  std::int64_t train = 0, validation = 0, test = 0;
};

/// Result of a run.
struct TrainingReport {
  /// The epoch whose weights were selected.
  struct Best {
    std::int64_t epoch = 0;
    std::optional<double> val_top1;  ///< none without a validation split: the last epoch is selected
  };
  /// Scores of the selected weights on the test split.
  struct Test {
    std::int64_t images = 0;  ///< that could be read
    double top1 = 0;
    Interval top1_interval;  ///< of 95 %; see wilson_interval()
    double loss = 0;
    std::optional<GlimpseScores> glimpses;
  };

  std::string run;   ///< the run directory, for load_model()
  std::string name;  ///< Experiment::name(): of the configuration file, or of the directory it resumed
  std::int64_t seed = 0;
  std::string model;                   ///< the network's name
  std::vector<std::string> attention;  ///< names of its mechanisms, in the order of the configuration
  ImageCounts images;
  bool interrupted = false;  ///< stopped on request, with a checkpoint; parameters, macs and test are not set then
  std::int64_t epochs = 0;
  double seconds = 0;
  double images_per_second = 0;
  std::int64_t parameters = 0;
  std::int64_t macs = 0;  ///< multiply-adds for one image
  Best best;
  Test test;
  Environment environment;
  std::shared_ptr<ExperimentData> opened_data;

  /// The data set of the experiment, as it was opened for the run. Its warnings no longer reach the run's observer.
  ExperimentData& data() const { return *opened_data; }
};

/// The document of `fovea train --json`, which is the run's summary.json. Of a run that was not interrupted.
Json to_json(const TrainingReport& report);

/// Trains an experiment's network, and scores it on the test split once, at the end. Writes a run directory, which is locked
/// during the run, and from before it is looked into. Replaces files of this run only. @throws InputError when the directory
/// contains a run and `resume` is not set, when it contains other files that a run writes, or when data, preprocessing and
/// network do not fit; NumericError when the loss is not finite; SystemError.
TrainingReport train(const Experiment& experiment, const RunOptions& options = {});

}  // namespace fovea
