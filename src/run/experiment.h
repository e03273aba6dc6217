#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fovea/nn/classifier.h>
#include <fovea/run/experiment_config.h>
#include <fovea/run/experiment_data.h>

namespace fovea {

/// An experiment as a configuration file describes it: data, network and training. Copies share the configuration.
class Experiment {
 public:
  /// @param name of its runs. @param run_directory see run_directory().
  Experiment(std::shared_ptr<ExperimentConfig> config, std::string name, std::string run_directory = "");

  const std::string& name() const { return name_; }
  /// Directory of the run that it was read from, or, for an experiment of its own, that its run gets: runs/<name>.
  const std::string& run_directory() const { return run_directory_; }
  /// May be changed; whatever runs the experiment checks it first, see expect_valid().
  ExperimentConfig& config() const { return *config_; }
  const std::shared_ptr<ExperimentConfig>& shared_config() const { return config_; }
  /// Every key with its value.
  Json resolved_config() const { return write_fields(*config_); }
  /// The data set with the experiment's preprocessing. @param warn is called for each image that cannot be read.
  ExperimentData data(Warn warn = {}) const;
  /// The network for that data set, on the CPU, in training mode, with the weights that train() starts from.
  /// @throws InputError when data, preprocessing and network do not fit, or the weights of `train.init` do not.
  std::shared_ptr<Classifier> network() const;

 private:
  std::shared_ptr<ExperimentConfig> config_;
  std::string name_;
  std::string run_directory_;
};

/// Reads a YAML file, which names the experiment by its name without extension; or the config.yaml of a run.
/// @param path the file, or the run directory.
/// @param settings `KEY=VALUE`s that override keys, in any order: `data.name` and `model.name` come first. A section that
/// gets another name loses the keys that only the old one has.
/// @param note is called with one line for each such section that loses keys.
/// @throws InputError with file and line.
Experiment read_experiment(const std::string& path, const std::vector<std::string>& settings = {}, const Warn& note = {});

}  // namespace fovea
