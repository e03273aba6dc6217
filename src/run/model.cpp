#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/utf8.h>
#include <fovea/data/preprocess.h>
#include <fovea/explain/method.h>
#include <fovea/models/model_field.h>
#include <fovea/nn/finite_values.h>
#include <fovea/nn/onednn.h>
#include <fovea/options/check.h>
#include <fovea/options/names.h>
#include <fovea/run/internal/network_plan.h>
#include <fovea/run/internal/prepared_photo.h>
#include <fovea/run/internal/trained_settings.h>
#include <fovea/run/model.h>
#include <fovea/run/overlayer.h>
#include <fovea/train/run_directory.h>

namespace fovea {
namespace {

/// A network of a configuration or a registry name, with the weights of another file.
Model load_with_weights(const std::string& model, ConfigNode root, const LoadOptions& options, torch::Device device) {
  const DescribedWeights weights = read_weights(options.weights, options.key, options.warn);
  const NetworkPlan plan(root, weights, options.classes, device);
  NamedNetwork named = build_for(plan, options.renames);
  load_named_weights(*named.classifier, named.weights, weights.file.path, plan.other_networks(named.num_classes));
  return {
      std::move(named.classifier),
      plan.description(named.num_classes),
      device,
      {.name = model, .config = std::move(root), .settings = options.settings, .assumed = plan.assumed(named.num_classes)}};
}

/// A network with weights and description of its own: a run directory or a model file.
Model load_trained(const std::string& model, const LoadOptions& options, torch::Device device) {
  namespace fs = std::filesystem;
  expect_data_settings(options.settings);
  std::error_code unreachable;
  const bool is_directory = fs::is_directory(model, unreachable);
  const fs::path folder = is_directory ? fs::path(model) : fs::path(model).parent_path();
  const RunDirectory run(folder.empty() ? "." : folder.string());
  if (!is_directory && !is_safetensors(model)) {
    throw InputError(model, "a run directory or a model file of fovea", "another format",
                     "name the network, and give this file as its weights");
  }
  LoadedModel loaded = load_model_file(is_directory ? model_file_of(run) : model);
  loaded.classifier->to(device);
  return {std::move(loaded.classifier),
          std::move(loaded.description),
          device,
          {.name = model,
           .directory = is_directory ? run.path() : "",
           .config_file = fs::exists(run.config(), unreachable) ? run.config() : "",
           .settings = options.settings}};
}

/// True for a run directory or a file of weights, which are opened as they are.
bool opens_by_itself(const std::string& path) {
  std::error_code unreachable;
  if (std::filesystem::is_directory(path, unreachable)) {
    return std::filesystem::exists(RunDirectory(path).model(), unreachable);
  }
  return std::filesystem::is_regular_file(path, unreachable) && is_safetensors(path);
}

/// True when `model` is meant as a path: there is one, and it is neither a configuration nor, with weights given, a
/// network's name that a folder or file happens to have too.
bool is_model_path(const std::string& model, bool has_weights) {
  std::error_code unreachable;
  if (!std::filesystem::exists(model, unreachable) || is_yaml(model)) return false;
  return !has_weights || !is_model_name(model) || opens_by_itself(model);
}

/// @throws InputError when a model cannot be made of these parts.
std::shared_ptr<Classifier> expect_model(std::shared_ptr<Classifier> network, const ModelDescription& description) {
  if (network == nullptr) throw InputError("Model", "a network", "none");
  if (description.model.find("name") == nullptr) throw InputError("Model", "a description with model.name", "one without");
  if (std::ssize(description.classes) != description.input.num_classes) {
    throw InputError("Model", std::to_string(description.input.num_classes) + " class names, as many as input.num_classes",
                     std::to_string(description.classes.size()));
  }
  return network;
}

}  // namespace

std::vector<Rename> parse_renames(const std::vector<std::string>& texts) {
  std::vector<Rename> renames;
  for (const std::string& text : texts) renames.push_back(parse_rename(text, "rename"));
  return renames;
}

std::vector<std::string> read_class_names(const std::string& path) {
  std::vector<std::string> names;
  if (path.empty()) return names;
  constexpr std::size_t kMostBytes = 1 << 24;
  const auto bytes = read_file(path, kMostBytes);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string text(bytes.begin(), bytes.end());
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  std::istringstream lines(text);
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (!is_utf8(line)) {
      throw InputError(path + ":" + std::to_string(number), "a name in UTF-8", "other bytes", "save the file as UTF-8");
    }
    if (!line.empty()) names.push_back(line);
  }
  if (names.empty()) throw InputError(path, "names of classes, one per line", "none");
  return names;
}

Model load_model(const std::string& model, const LoadOptions& options) {
  const torch::Device device = parse_device(options.device);
  if (is_model_path(model, !options.weights.empty())) {
    for (const auto& [option, given] : {std::pair("weights", !options.weights.empty()),
                                        {"renames", !options.renames.empty()},
                                        {"key", !options.key.empty()},
                                        {"classes", !options.classes.empty()}}) {
      if (!given) continue;
      throw InputError(option, "a configuration or a model name",
                       "'" + model + "', which has weights and classes of its own", std::string("remove ") + option);
    }
    return load_trained(model, options, device);
  }
  ConfigNode root = read_model_config(model, options.settings, options.note);
  if (options.weights.empty()) {
    throw InputError(model, "weights for this network", "none",
                     "add --weights FILE, or name a run directory or a model file");
  }
  return load_with_weights(model, std::move(root), options, device);
}

Model::Model(std::shared_ptr<Classifier> network, ModelDescription description, torch::Device device, ModelSource source)
    : network_(expect_model(std::move(network), description)),
      description_(std::make_shared<const ModelDescription>(std::move(description))),
      device_(device),
      source_(std::move(source)) {
  network_->eval();
  for (torch::Tensor& parameter : network_->parameters()) parameter.set_requires_grad(false);
}

Prediction Model::predict(const Image& photo, const PredictOptions& options) const {
  expect_positive(options.top_k, "top_k");
  const torch::NoGradGuard no_grad;
  const PreparedPhoto prepared =
      prepare_photo(photo, Preprocess(description_->preprocess), static_cast<int>(description_->input.channels));
  ForwardContext context;
  const torch::Tensor logits = network_->classify(prepared.batch.to(device_), context).logits;
  expect_classes(logits.size(1), classes());
  expect_class_scores(logits, *network_);
  const torch::Tensor probabilities = torch::softmax(logits.to(torch::kCPU, torch::kFloat64), 1).squeeze(0);
  const auto [values, labels] = probabilities.topk(std::min(options.top_k, probabilities.size(0)));
  Prediction prediction;
  for (std::int64_t i = 0; i < values.size(0); ++i) {
    const auto label = labels[i].item<std::int64_t>();
    prediction.classes.push_back({label, classes()[static_cast<std::size_t>(label)], values[i].item<double>()});
  }
  return prediction;
}

const std::vector<LayerMap>& Model::layers(const std::string& method) const {
  const MethodRow& row = find_method(method, "method");
  const std::lock_guard lock(layers_->mutex);
  const auto known = layers_->by_method.find(method);
  if (known != layers_->by_method.end()) return known->second;
  return layers_->by_method[method] = list_layers(row, *network_, description_->input);
}

Overlay Model::overlay(const Image& photo, const OverlayOptions& options) const {
  return Overlayer(*this, options)(photo);
}

torch::Device parse_device(const std::string& name) {
  compat::leave_out_wrong_convolutions();  // whoever opens or trains a model chooses its device first
  const bool cuda = torch::cuda::is_available();
  if (name == "cpu" || (name == "auto" && !cuda)) return torch::kCPU;
  const bool indexed =
      name.starts_with("cuda:") && name.size() > 5 && name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (name != "auto" && name != "cuda" && !indexed) {
    const std::string suggested = suggested_name(name, {"auto", "cpu", "cuda"});
    throw InputError(
        "device", "auto, cpu, cuda or cuda:<index>", "'" + name + "'",
        name == "gpu" || suggested.empty() ? "auto takes a GPU where there is one" : "did you mean '" + suggested + "'?");
  }
  if (!cuda) throw InputError("device", "a CUDA device", "LibTorch without one", "use device cpu");
  int index = 0;
  const bool too_large =
      indexed && std::from_chars(name.data() + 5, name.data() + name.size(), index).ec == std::errc::result_out_of_range;
  if (too_large || index >= static_cast<int>(torch::cuda::device_count())) {
    throw InputError("device", "an index below " + std::to_string(torch::cuda::device_count()), "'" + name + "'");
  }
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace fovea
