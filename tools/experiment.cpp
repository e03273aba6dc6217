#include "experiment.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>

#include <fovea/base/error.h>
#include <fovea/nn/state_dict.h>
#include <fovea/train/run_directory.h>

namespace fovea {
namespace {

InputSpec input_of(const Dataset& dataset, const Preprocess& preprocess) {
  const auto [height, width] = preprocess.output_size(dataset.height(), dataset.width());
  if (height == 0 || width == 0) {
    throw InputError("preprocess", "a size for images of different sizes", "none",
                     "set preprocess.resize and preprocess.crop");
  }
  return {dataset.channels(), height, width, static_cast<std::int64_t>(dataset.class_names().size())};
}

void expect_channels(const PreprocessOptions& preprocess, const DataField& data, const Dataset& dataset) {
  const auto expected = static_cast<int>(preprocess.mean.size());
  if (expected == dataset.channels()) return;
  throw InputError("data.name",
                   "images of " + std::to_string(expected) + (expected == 1 ? " channel" : " channels") +
                       ", one per value of preprocess.mean",
                   std::to_string(dataset.channels()) + " (" + data.row->name + ")",
                   "choose another data set, or set preprocess.mean and preprocess.std");
}

bool is_yaml(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

/// A network described by a configuration, with weights from elsewhere.
OpenedModel open_configured(Value root, const std::string& weights, torch::Device device) {
  Experiment experiment(read_experiment_config(root), device);
  OpenedModel opened;
  opened.classifier = experiment.build_network();
  opened.description = parse_description(experiment.description().dump(), "description");
  const SafetensorsFile file(weights);
  load_state_dict(*opened.classifier, file.tensors(), weights);
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
  if (is_directory && !fs::exists(run.model())) {
    throw InputError(model, "a run directory with model.safetensors", "none in it", "train it first: fovea train");
  }
  LoadedModel loaded = load_model_file(is_directory ? run.model() : model);
  loaded.classifier->to(device);
  return {std::move(loaded.classifier),
          std::move(loaded.description),
          {},
          is_directory ? run.path() : "",
          fs::exists(run.config()) ? run.config() : ""};
}

/// Adds bytes to a hash (FNV-1a).
void absorb_bytes(std::uint64_t& hash, std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
}

void absorb_dataset(std::uint64_t& hash, const Dataset& dataset) {
  constexpr std::int64_t kImages = 256;
  const std::int64_t stride = std::max<std::int64_t>(1, dataset.size() / kImages);
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const auto label = static_cast<std::uint8_t>(dataset.label(i));
    absorb_bytes(hash, {&label, 1});
    if (i % stride == 0) absorb_bytes(hash, dataset.sample(i).image.pixels);
  }
}

}  // namespace

Experiment::Experiment(std::unique_ptr<ExperimentConfig> config, torch::Device device)
    : config_(std::move(config)), device_(device) {
  const DataField& data = config_->data;
  train_set_ = data.row->open(*data.options, Split::train);
  test_set_ = data.row->open(*data.options, Split::test);
  split_ = split_validation(first_indices(train_set_->size(), data.limit), data.validation.value_or(0),
                            static_cast<std::uint64_t>(config_->seed));
  test_ = first_indices(test_set_->size(), data.limit);
  if (data.validation && split_.validation.empty()) {
    throw InputError("data.validation", "a share of at least one image",
                     Json(*data.validation).dump() + " of " + std::to_string(split_.train.size()) + " images",
                     "use more, or validation: none");
  }
  expect_channels(config_->preprocess, data, *train_set_);
  expect_channels(config_->preprocess, data, *test_set_);
  preprocess_ = std::make_shared<const Preprocess>(config_->preprocess);
  input_ = input_of(*train_set_, *preprocess_);
}

Json Experiment::description() {
  PreprocessOptions preprocess = config_->preprocess;
  const bool keeps_size = preprocess.resize == std::vector<std::int64_t>{0} && preprocess.crop == preprocess.resize;
  if (keeps_size) {  // true of the data set's images; a photo has to be brought to their size
    const bool square = input_.height == input_.width;
    preprocess.resize = square ? std::vector{input_.height} : std::vector{input_.height, input_.width};
    preprocess.crop = preprocess.resize;
  }
  return describe_model(config_->model.write(), input_, classes(), preprocess);
}

std::string Experiment::data_fingerprint() const {
  std::uint64_t hash = 0xcbf29ce484222325;
  absorb_dataset(hash, *train_set_);
  absorb_dataset(hash, *test_set_);
  return std::to_string(train_set_->size()) + "+" + std::to_string(test_set_->size()) + "-" + std::to_string(hash);
}

Loader Experiment::training_loader() const {
  LoaderOptions options;
  options.batch_size = config_->train.batch_size;
  options.workers = static_cast<int>(config_->data.workers);
  options.training = true;
  options.seed = static_cast<std::uint64_t>(config_->seed);
  options.augment = config_->data.augment;
  return {train_set_, split_.train, preprocess_, options};
}

Loader Experiment::loader(Split split) const {
  LoaderOptions options;
  options.batch_size = 250;  // fixed: it must not change with the training batch, nor with the threads
  options.workers = static_cast<int>(config_->data.workers);
  if (split == Split::test) return {test_set_, test_, preprocess_, options};
  return {train_set_, split == Split::train ? split_.train : split_.validation, preprocess_, options};
}

std::shared_ptr<Classifier> Experiment::build_network() const {
  auto network = build_classifier(config_->model, input_);
  network->to(device_);
  return network;
}

OpenedModel open_model(const std::string& model, const std::string& weights, const std::vector<std::string>& settings,
                       torch::Device device) {
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
  for (const std::string& setting : settings) apply_setting(root, setting);
  if (weights.empty()) {
    throw InputError(model, "weights for this network", "none", "add --weights FILE, or name a run directory");
  }
  return open_configured(std::move(root), weights, device);
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
