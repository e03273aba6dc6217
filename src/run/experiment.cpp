#include <filesystem>
#include <utility>

#include <fovea/run/experiment.h>
#include <fovea/run/internal/opened_experiment.h>

namespace fovea {

Experiment::Experiment(std::shared_ptr<ExperimentConfig> config, std::string name)
    : config_(std::move(config)), name_(std::move(name)) {}

ExperimentData Experiment::data(Warn warn) const {
  return {config_, std::vector<std::string>(), std::move(warn)};
}

std::shared_ptr<Classifier> Experiment::network() const {
  OpenedExperiment opened(config_, torch::kCPU, /*warn=*/Warn());
  auto network = opened.build_network();
  opened.initialise_weights(*network);
  return network;
}

Experiment read_experiment(const std::string& path, const std::vector<std::string>& settings) {
  return {read_experiment_config(read_config_with_settings(path, settings)), std::filesystem::path(path).stem().string()};
}

}  // namespace fovea
