#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/data/loader.h>
#include <fovea/nn/model_file.h>

#include "experiment_config.h"

namespace fovea {

/// A configuration brought to life, in the order data flows: data set, preprocess, loaders, network.
class Experiment {
 public:
  /// @throws InputError when data, preprocess and network do not fit.
  Experiment(std::unique_ptr<ExperimentConfig> config, torch::Device device);

  ExperimentConfig& config() { return *config_; }
  Json resolved_config() { return write_fields(*config_); }
  const InputSpec& input() const { return input_; }
  const std::vector<std::string>& classes() const { return train_set_->class_names(); }
  /// For the model file: with the preprocessing that brings a photo of any size to the network's input size.
  Json description();

  /// Shuffled and augmented.
  Loader training_loader() const;
  /// In order, unchanged. Nothing to iterate when the split is empty.
  Loader loader(Split split) const;
  bool has_validation() const { return !split_.validation.empty(); }

  /// A number that other images or labels would almost surely change: of all labels, and the pixels of some images.
  std::string data_fingerprint() const;

  /// A network with uninitialised weights, on the device.
  std::shared_ptr<Classifier> build_network() const;

 private:
  std::unique_ptr<ExperimentConfig> config_;
  torch::Device device_;
  std::shared_ptr<const Dataset> train_set_;
  std::shared_ptr<const Dataset> test_set_;
  TrainingSplit split_;
  Indices test_;
  std::shared_ptr<const Preprocess> preprocess_;
  InputSpec input_;
};

/// A network ready to classify, wherever it came from.
struct OpenedModel {
  std::shared_ptr<Classifier> classifier;  ///< in evaluation mode, on the device
  ModelDescription description;
  Value config;             ///< it was built from; null when it came with weights of its own
  std::string directory;    ///< the run directory; empty when it is none
  std::string config_file;  ///< that may be of the run it came from; empty when there is none
};

/// Opens MODEL: a run directory, a model file, or (with weights) a configuration or a registry name.
/// @param settings `KEY=VALUE` for a configuration or a registry name; the others have settled everything. @throws
/// InputError.
OpenedModel open_model(const std::string& model, const std::string& weights, const std::vector<std::string>& settings,
                       torch::Device device);

/// `auto`, `cpu`, `cuda` or `cuda:<index>`. @throws InputError when LibTorch has no such device.
torch::Device parse_device(const std::string& name);

}  // namespace fovea
