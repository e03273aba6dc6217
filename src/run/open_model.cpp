#include <filesystem>
#include <sstream>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/run/network_plan.h>
#include <fovea/run/open_model.h>
#include <fovea/train/run_directory.h>

namespace fovea {
namespace {

bool is_yaml(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

/// A network described by a configuration or known by its name, with weights from elsewhere.
OpenedModel open_with_weights(const ModelArguments& arguments, ConfigNode root, torch::Device device) {
  const std::vector<Rename> renames = parse_renames(arguments.renames);
  const ExternalCheckpoint weights = read_weights(arguments.weights);
  const NetworkPlan plan(root, weights, read_class_names(arguments.classes), device);
  NamedNetwork named = build_for(plan, renames);
  load_named_weights(*named.classifier, named.weights, weights.file.path);
  named.classifier->eval();
  return {std::move(named.classifier), plan.description(named.num_classes), std::move(root), "", ""};
}

/// A network with weights and description of its own: a run directory or a model file.
OpenedModel open_trained(const std::string& model, torch::Device device) {
  namespace fs = std::filesystem;
  const bool is_directory = fs::is_directory(model);
  const fs::path folder = is_directory ? fs::path(model) : fs::path(model).parent_path();
  const RunDirectory run(folder.empty() ? "." : folder.string());
  if (!is_directory && !is_safetensors(model)) {
    throw InputError(model, "a run directory or a model file of fovea", "another format",
                     "name the network, and give this file as --weights");
  }
  LoadedModel loaded = load_model_file(is_directory ? run.model() : model);
  loaded.classifier->to(device);
  return {std::move(loaded.classifier),
          std::move(loaded.description),
          {},
          is_directory ? run.path() : "",
          fs::exists(run.config()) ? run.config() : ""};
}

}  // namespace

ConfigNode read_model_config(const std::string& model, const std::vector<std::string>& settings) {
  ConfigNode root;
  if (is_yaml(model)) {
    root = read_yaml_file(model);
  } else if (model.find_first_of("/.") == std::string::npos) {
    apply_setting(root, "model.name=" + find_model(model, "MODEL").name);
  } else {
    throw InputError(model, "a run directory, a model file, a YAML configuration or a model name", "nothing of that name",
                     "check the path; files of weights go behind --weights");
  }
  for (const std::string& setting : settings) apply_setting(root, setting);
  return root;
}

std::vector<Rename> parse_renames(const std::vector<std::string>& texts) {
  std::vector<Rename> renames;
  for (const std::string& text : texts) renames.push_back(parse_rename(text, "--rename"));
  return renames;
}

std::vector<std::string> read_class_names(const std::string& path) {
  std::vector<std::string> names;
  if (path.empty()) return names;
  constexpr std::size_t kMostBytes = 1 << 24;
  const auto bytes = read_file(path, kMostBytes);
  std::istringstream lines(std::string(bytes.begin(), bytes.end()));
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (names.empty()) throw InputError(path, "names of classes, one in each line", "none");
  return names;
}

OpenedModel open_model(const ModelArguments& arguments, torch::Device device) {
  const std::string& model = arguments.model;
  if (std::filesystem::exists(model) && !is_yaml(model)) {
    for (const auto& [option, given] : {std::pair("--weights", !arguments.weights.empty()),
                                        {"--rename", !arguments.renames.empty()},
                                        {"--classes", !arguments.classes.empty()}}) {
      if (!given) continue;
      throw InputError(option, "a configuration or a model's name as MODEL",
                       "'" + model + "', which has weights and classes", std::string("leave out ") + option);
    }
    return open_trained(model, device);
  }
  ConfigNode root = read_model_config(model, arguments.settings);
  if (arguments.weights.empty()) {
    throw InputError(model, "weights for this network", "none", "add --weights FILE, or name a run directory");
  }
  return open_with_weights(arguments, std::move(root), device);
}

void expect_settings_used(const OpenedModel& opened, const std::vector<std::string>& settings) {
  if (opened.config.kind != ConfigNode::Kind::null || settings.empty()) return;
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
