#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include <torch/torch.h>

#include <fovea/data/loader.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/experiment.h>
#include <fovea/run/internal/opened_experiment.h>
#include <fovea/run/training.h>
#include <fovea/train/run_directory.h>
#include <fovea/train/trainer.h>

namespace fovea {

/// Warnings for an observer. The data of a run may be read after it, when the observer is gone: from then on the callbacks
/// do nothing.
class WarningsOfRun {
 public:
  explicit WarningsOfRun(RunObserver& observer);
  ~WarningsOfRun();
  WarningsOfRun(const WarningsOfRun&) = delete;
  WarningsOfRun& operator=(const WarningsOfRun&) = delete;

  /// May outlive this object, and be called by any thread.
  Warn callback() const;

 private:
  struct Receiver {
    std::mutex mutex;
    RunObserver* observer;  ///< nullptr after the run
  };
  std::shared_ptr<Receiver> receiver_;
};

/// An experiment with its network and data, for a trainer.
struct TrainingSession {
  /// @throws InputError when data, preprocessing and network do not fit.
  TrainingSession(const Experiment& described, torch::Device on_device, RunObserver& told);

  /// See OpenedExperiment::initialise_weights().
  std::string initialise_weights() { return experiment.initialise_weights(*network); }
  ImageCounts images();
  /// The data of all splits as they were understood.
  DataSummary summary();
  /// Checks the files of all splits, and notes the summary. @throws InputError; Interrupted.
  void check_data(int threads, const std::function<bool()>& stop_requested);
  /// A trainer that refers to this session.
  Trainer trainer(const RunDirectory& run, int threads, const std::function<bool()>& stop_requested);

  torch::Device device;
  RunObserver& observer;
  WarningsOfRun warnings;
  OpenedExperiment experiment;
  std::shared_ptr<Classifier> network;
  Loader training;
  Loader validation;
  Loader test;
};

}  // namespace fovea
