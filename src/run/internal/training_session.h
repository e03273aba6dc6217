#pragma once

#include <functional>
#include <memory>

#include <torch/torch.h>

#include <fovea/data/loader.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/experiment.h>
#include <fovea/run/internal/opened_experiment.h>
#include <fovea/run/training.h>
#include <fovea/train/run_directory.h>
#include <fovea/train/trainer.h>

namespace fovea {

/// An experiment with its network and data, for a trainer.
struct TrainingSession {
  /// @throws InputError when data, preprocessing and network do not fit.
  TrainingSession(const Experiment& described, torch::Device on_device, RunObserver& told);

  /// Initialises the network at random, or with the weights of `train.init`. @throws InputError.
  void initialise_weights();
  /// A trainer that refers to this session.
  Trainer trainer(const RunDirectory& run, int threads, const std::function<bool()>& stop_requested);

  torch::Device device;
  RunObserver& observer;
  OpenedExperiment experiment;
  std::shared_ptr<Classifier> network;
  Loader training;
  Loader validation;
  Loader test;
};

}  // namespace fovea
