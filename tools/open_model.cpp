#include "open_model.h"

#include <filesystem>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/nn/state_dict.h>
#include <fovea/train/run_directory.h>

#include "experiment.h"

namespace fovea {
namespace {

bool is_yaml(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

/// The model file of a run directory; other paths as they are.
std::string weights_file(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return path;
  const std::string file = RunDirectory(path).model();
  if (std::filesystem::exists(file)) return file;
  throw InputError(path, "a run directory with model.safetensors", "none in it", "train it first: fovea train");
}

/// A network described by a configuration, with weights from elsewhere.
OpenedModel open_configured(Value root, const std::string& weights, torch::Device device) {
  Experiment experiment(read_experiment_config(root), device, /*warn=*/{});
  OpenedModel opened;
  opened.classifier = experiment.build_network();
  opened.description = parse_description(experiment.description().dump(), "description");
  load_state_dict(*opened.classifier, read_weights(weights).tensors, weights);
  opened.classifier->eval();
  opened.config = std::move(root);
  return opened;
}

/// A network with weights and description of its own: a run directory or a model file.
OpenedModel open_trained(const std::string& model, torch::Device device) {
  namespace fs = std::filesystem;
  const bool is_directory = fs::is_directory(model);
  const fs::path folder = is_directory ? fs::path(model) : fs::path(model).parent_path();
  const RunDirectory run(folder.empty() ? "." : folder.string());
  LoadedModel loaded = load_model_file(weights_file(model));
  loaded.classifier->to(device);
  return {std::move(loaded.classifier),
          std::move(loaded.description),
          {},
          is_directory ? run.path() : "",
          fs::exists(run.config()) ? run.config() : ""};
}

}  // namespace

void add_model_options(CLI::App& command, ModelArguments& arguments) {
  command.add_option("model", arguments.model, "run directory, model file, or config or model name with --weights")
      ->required()
      ->type_name("MODEL");
  command.add_option("--weights", arguments.weights, "safetensors file or run directory, when MODEL is a config or a name")
      ->type_name("FILE");
  command.add_option("--set", arguments.settings, "override a key of the configuration, e.g. --set data.root=DIR")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
}

OpenedModel open_model(const ModelArguments& arguments, const GlobalOptions& global, torch::Device device) {
  const auto& [model, weights, settings] = arguments;
  if (std::filesystem::exists(model) && !is_yaml(model)) {
    if (weights.empty()) return open_trained(model, device);
    throw InputError("--weights", "a configuration or a registry name as MODEL", "'" + model + "', which has weights",
                     "leave out --weights");
  }
  Value root;
  if (is_yaml(model)) {
    root = read_yaml_file(model);
  } else if (model.find_first_of("/.") == std::string::npos) {
    apply_setting(root, "model.name=" + find_model(model, "MODEL").name);
  } else {
    throw InputError(model, "a run directory, a model file, a YAML configuration or a model name", "nothing of that name",
                     "check the path");
  }
  for (const std::string& setting : global.with_seed(settings)) apply_setting(root, setting);
  if (weights.empty()) {
    throw InputError(model, "weights for this network", "none", "add --weights FILE, or name a run directory");
  }
  return open_configured(std::move(root), weights, device);
}

ForeignWeights read_weights(const std::string& path) {
  const SafetensorsFile file(weights_file(path));
  return {file.tensors(), has_description(file) ? read_description(file).classes : std::vector<std::string>{}};
}

void expect_settings_used(const OpenedModel& opened, const std::vector<std::string>& settings) {
  if (opened.config.kind != Value::Kind::null || settings.empty()) return;
  throw InputError("--set " + settings.front(), "none for a trained model", "one", "it keeps its network and preprocessing");
}

torch::Device parse_device(const std::string& name) {
  const bool cuda = torch::cuda::is_available();
  if (name == "cpu" || (name == "auto" && !cuda)) return torch::kCPU;
  const bool indexed =
      name.starts_with("cuda:") && name.size() > 5 && name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (name != "auto" && name != "cuda" && !indexed) {
    throw InputError("--device", "auto, cpu, cuda or cuda:<index>", "'" + name + "'");
  }
  if (!cuda) throw InputError("--device", "a CUDA device", "LibTorch without one", "use --device cpu");
  const int index = indexed ? std::stoi(name.substr(5)) : 0;
  if (index >= static_cast<int>(torch::cuda::device_count())) {
    throw InputError("--device", "an index below " + std::to_string(torch::cuda::device_count()), "'" + name + "'");
  }
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace fovea
