#include <algorithm>
#include <filesystem>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/run/experiment.h>
#include <fovea/run/internal/opened_experiment.h>
#include <fovea/run/internal/settings.h>
#include <fovea/train/run_directory.h>

namespace fovea {
namespace {

/// The run directory that `path` names, by itself or by its config.yaml; empty for another path.
std::string run_directory_of(const std::filesystem::path& path) {
  std::error_code unreachable;
  if (std::filesystem::is_directory(path, unreachable)) return RunDirectory(path.string()).path();
  const RunDirectory beside(path.has_parent_path() ? path.parent_path().string() : ".");
  const bool is_own = path.filename() == std::filesystem::path(beside.config()).filename() && beside.has_checkpoint();
  return is_own ? beside.path() : "";
}

std::unique_ptr<ExperimentConfig> read_with_settings(const std::string& path, const std::vector<std::string>& settings,
                                                     const Warn& note) {
  ConfigNode root = read_yaml_file(path);
  std::vector<std::string> notes;
  apply_settings(root, settings, [&](const std::string& line) { notes.push_back(line); });
  auto config = read_experiment_config(root);
  if (note) std::for_each(notes.begin(), notes.end(), note);  // an error comes alone
  return config;
}

}  // namespace

Experiment::Experiment(std::shared_ptr<ExperimentConfig> config, std::string name, std::string run_directory)
    : config_(std::move(config)),
      name_(std::move(name)),
      run_directory_(run_directory.empty() ? "runs/" + name_ : std::move(run_directory)) {}

ExperimentData Experiment::data(Warn warn) const {
  return {config_, std::vector<std::string>(), std::move(warn)};
}

std::shared_ptr<Classifier> Experiment::network() const {
  OpenedExperiment opened(config_, torch::kCPU, /*warn=*/Warn());
  auto network = opened.build_network();
  opened.initialise_weights(*network);
  return network;
}

Experiment read_experiment(const std::string& path, const std::vector<std::string>& settings, const Warn& note) {
  const std::string directory = run_directory_of(path);
  if (directory.empty()) {
    return {read_with_settings(path, settings, note), std::filesystem::path(path).stem().string()};
  }
  const std::string file = RunDirectory(directory).config();
  std::error_code unreachable;
  if (!std::filesystem::exists(file, unreachable)) {
    throw InputError(path, "a configuration file or a run directory", "a folder without config.yaml", "check the path");
  }
  return {read_with_settings(file, settings, note),
          std::filesystem::absolute(directory).lexically_normal().filename().string(), directory};
}

}  // namespace fovea
