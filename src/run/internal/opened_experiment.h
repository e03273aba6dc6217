#pragma once

#include <memory>
#include <string>

#include <torch/torch.h>

#include <fovea/nn/classifier.h>
#include <fovea/run/experiment_config.h>
#include <fovea/run/experiment_data.h>

namespace fovea {

/// The objects of a configuration, in the order data flows: data set, preprocessing and loaders, network.
class OpenedExperiment {
 public:
  /// Use of the data: training opens the training images, scoring any split that there is.
  enum class Use { train, score };

  /// @throws InputError when data, preprocess and network do not fit.
  OpenedExperiment(std::shared_ptr<ExperimentConfig> config, torch::Device device, Warn warn, Use use = Use::train);

  ExperimentConfig& config() { return *config_; }
  ExperimentData& data() { return *data_; }
  const std::shared_ptr<ExperimentData>& shared_data() const { return data_; }
  const InputSpec& input() const { return input_; }
  const std::vector<std::string>& classes() { return data_->classes(described_by_); }
  /// Description for the model file: its preprocessing resizes a photo of any size to the network's input size.
  Json description() { return description(classes()); }
  /// The same for a network with other classes than the data set's.
  Json description(const std::vector<std::string>& classes);

  /// A network whose weights the caller sets, on the device.
  std::shared_ptr<Classifier> build_network() const;
  /// Initialises a network of build_network() at random, or with the weights of `train.init`. @return what an external
  /// checkpoint of `train.init` cannot tell of the network, see assumption_note(); empty without one. @throws InputError.
  std::string initialise_weights(Classifier& network);

 private:
  std::shared_ptr<ExperimentConfig> config_;
  torch::Device device_;
  Warn warn_;
  std::shared_ptr<ExperimentData> data_;
  Split described_by_;  ///< the split that gives the classes and the size of the images
  InputSpec input_;
};

}  // namespace fovea
