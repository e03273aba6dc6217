#include <algorithm>
#include <filesystem>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/home_path.h>
#include <fovea/base/utf8.h>
#include <fovea/datasets/imagenet_classes.h>
#include <fovea/run/assumptions.h>
#include <fovea/run/internal/network_plan.h>
#include <fovea/run/internal/settings.h>
#include <fovea/weights/state_dict.h>
#include <fovea/weights/weights_advice.h>

namespace fovea {
namespace {

/// A configuration without data: enough to classify photos.
struct PhotoConfig {
  PhotoConfig(ModelField& model_field, PreprocessOptions& options) : model(model_field), preprocess(options) {}
  ModelField& model;
  PreprocessOptions& preprocess;

  void visit_fields(FieldVisitor& fields) {
    fields.group("preprocess", preprocess, "resizing, cropping and normalisation of photos");
    fields.custom("model", model, "a network, its options and its attention");
  }
};

/// Input of the network for photos that are preprocessed by these options.
InputSpec input_of(const PreprocessOptions& options, const std::string& model) {
  const Preprocess preprocess(options);
  const auto size = preprocess.fixed_output_size();
  if (!size) {
    throw InputError(model, "a size that photos are resized to", "none: this network has no preprocessing defaults",
                     "set preprocess.resize, e.g. [32, 32], with preprocess.mean and preprocess.std, or set data.name");
  }
  return {std::ssize(options.mean), size->first, size->second, 1};
}

WeightsSize size_of(const NamedTensors& tensors) {
  WeightsSize size{.tensors = std::ssize(tensors)};
  for (const auto& [name, tensor] : tensors) size.bytes += static_cast<std::int64_t>(tensor.nbytes());
  return size;
}

std::vector<std::string> numbered_classes(std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back("class " + std::to_string(i));
  return names;
}

/// Number of rows of the last layer's weights; none when the file has no such layer for this network. A file that only
/// claims rows, without values, must not have a network built for them.
std::optional<std::int64_t> classes_in(const NamedTensors& weights, const Classifier& network) {
  const std::string head = network.head() + ".weight";
  const auto given = weights.find(head);
  const NamedTensors own = state_dict(network);
  if (given == weights.end() || !own.contains(head)) return std::nullopt;
  const auto sizes = given->second.sizes();
  if (sizes.empty() || given->second.numel() == 0 || sizes.slice(1) != own.at(head).sizes().slice(1)) return std::nullopt;
  return sizes[0];
}

/// The model file of a run directory; other paths as they are, but for a leading `~`.
std::string weights_file(const std::string& given) {
  const std::string path = expand_home(given);
  std::error_code unreachable;
  return std::filesystem::is_directory(path, unreachable) ? model_file_of(RunDirectory(path)) : path;
}

/// A folder in this one that is a trained run; empty when there is none.
std::string run_inside(const std::string& folder) {
  std::error_code unreachable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreachable)) {
    const std::string path = entry.path().string();
    if (std::filesystem::exists(RunDirectory(path).model(), unreachable)) return path;
  }
  return "";
}

}  // namespace

std::string model_file_of(const RunDirectory& run) {
  std::error_code unreachable;
  if (std::filesystem::exists(run.model(), unreachable)) return run.model();
  const std::string inside = run_inside(run.path());
  throw InputError(run.path(), "a run directory with model.safetensors", "none in it",
                   !inside.empty()        ? "did you mean a run in it, such as " + inside + "?"
                   : run.has_checkpoint() ? "resume its training: it has no finished epoch"
                                          : "train it first");
}

bool is_yaml(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

bool is_model_name(const std::string& text) {
  const std::deque<ModelRow>& rows = model_registry();
  return std::any_of(rows.begin(), rows.end(), [&](const ModelRow& row) { return row.name == text; });
}

ConfigNode read_model_config(const std::string& model, const std::vector<std::string>& settings, const Warn& note) {
  ConfigNode root;
  std::error_code unreachable;
  if (is_yaml(model)) {
    root = read_yaml_file(model);
  } else if (!is_model_name(model) && std::filesystem::exists(model, unreachable)) {
    throw InputError(model, "a configuration or a model name", "a folder or file with weights of its own",
                     "name its network, e.g. by the config.yaml of a run");
  } else if (model.find_first_of("/.") == std::string::npos) {
    apply_setting(root, "model.name=" + find_model(model, "MODEL").name);
  } else {
    throw InputError(model, "a run directory, a model file, a YAML configuration or a model name", "none of these",
                     "check the path; weights are an option of their own, beside the name of their network");
  }
  apply_settings(root, settings, note);
  return root;
}

DescribedWeights read_weights(const std::string& path, const std::string& key, const Warn& warn) {
  DescribedWeights weights{read_weights_file(weights_file(path), key), std::nullopt};
  const WeightsFile& file = weights.file;
  if (has_description(file.metadata)) weights.description = read_description(file.metadata, file.path);
  weights.classes = exported_classes(file.metadata, file.path);
  if (warn) std::for_each(file.notes.begin(), file.notes.end(), warn);
  return weights;
}

void visit_registered_networks(const ModelField& model, const InputSpec& input,
                               const std::function<void(const std::string&, const torch::nn::Module&)>& visit) {
  for (const ModelRow& row : model_registry()) {
    const bool is_same = row.name == model.row->name;
    try {
      ConfigNode section;
      apply_setting(section, "model.name=" + row.name);
      if (is_same) apply_setting(section, "model.attention=none");
      ModelField other;
      other.read(*section.find("model"), "model");
      visit(is_same ? row.name + " with its own options and without attention" : row.name,
            *build_without_draws(other, input));
    } catch (const InputError&) {  // a network that does not take such images
    }
  }
}

NetworkPlan::NetworkPlan(const ConfigNode& root, const DescribedWeights& weights, std::vector<std::string> classes,
                         torch::Device device)
    : device_(device), classes_(std::move(classes)), weights_(weights) {
  expect_named(root, "model");
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if (!is_utf8(classes_[i])) throw InputError("classes", "names in UTF-8", "other bytes in name " + std::to_string(i));
  }
  if (root.find("data") != nullptr) {
    experiment_ = std::make_unique<OpenedExperiment>(read_experiment_config(root), device, /*warn=*/Warn(),
                                                     OpenedExperiment::Use::score);
    model_ = &experiment_->config().model;
    return;
  }
  own_model_ = std::make_unique<ModelField>();
  model_ = own_model_.get();
  model_->read(*root.find("model"), "model");
  const ConfigNode* given = root.find("preprocess");
  if (weights.description) {
    preprocess_ = preprocessing_defaults(weights.description->preprocess, given);
  } else if (model_->row->preprocessing) {
    preprocess_ = preprocessing_defaults(preprocessing_of(*model_->row->preprocessing), given);
  }
  PhotoConfig config(*model_, preprocess_);
  read_fields(config, root, "", {"seed"});
  const bool is_as_described = weights.description && given == nullptr;
  input_ = is_as_described ? weights.description->input : input_of(preprocess_, model_->row->name);
}

std::int64_t NetworkPlan::likely_classes() const {
  if (!classes_.empty()) return std::ssize(classes_);
  if (experiment_) return experiment_->input().num_classes;
  return weights_.description ? weights_.description->input.num_classes : std::ssize(imagenet_classes());
}

std::string NetworkPlan::advice_on_size() const {
  const ConfigNode* described = weights_.description->model.find("name");
  const bool is_same = described != nullptr && described->scalar == model_name();
  return is_same ? "the file is damaged or was tampered with" : advice_on_described(*weights_.description);
}

std::shared_ptr<Classifier> NetworkPlan::build(std::int64_t num_classes) const {
  const InputSpec input = input_for(num_classes);
  const bool is_described = weights_.description && !experiment_;
  auto classifier =
      is_described ? build_for_weights(*model_, input, size_of(weights_.file.tensors), weights_.file.path, advice_on_size())
                   : build_without_draws(*model_, input);
  classifier->to(device_);
  return classifier;
}

InputSpec NetworkPlan::input_for(std::int64_t num_classes) const {
  InputSpec input = experiment_ ? experiment_->input() : input_;
  input.num_classes = num_classes;
  return input;
}

VisitNetworks NetworkPlan::other_networks(std::int64_t num_classes) const {
  return [this, num_classes](const auto& visit) { visit_registered_networks(*model_, input_for(num_classes), visit); };
}

ModelDescription NetworkPlan::description(std::int64_t num_classes) const {
  const std::vector<std::string> names = class_names(num_classes).names;
  const DecodeOptions decode = weights_.description ? weights_.description->decode : DecodeOptions();
  const Json json =
      experiment_ ? experiment_->description(names) : describe_model(model_->write(), input_, names, preprocess_, decode);
  return parse_description(json.dump(), "description");
}

std::vector<AssumedChoice> NetworkPlan::assumed(std::int64_t num_classes) const {
  if (weights_.description) return {};
  std::vector<AssumedChoice> assumed = assumed_choices(model_->row->parameter_free, model_->write());
  assumed.push_back(assumed_input(description(num_classes).preprocess));
  const NamedClasses classes = class_names(num_classes);
  if (!classes.origin.empty()) assumed.push_back(assumed_classes(classes.names, classes.origin));
  return assumed;
}

std::vector<std::string> NetworkPlan::attention_tensors(const Classifier& network, std::int64_t num_classes) const {
  if (model_->attention.entries.empty()) return {};
  Json section = model_->write();
  section["attention"] = "none";
  ModelField plain;
  plain.read(parse_yaml(section.dump(), "model"), "model");
  const NamedTensors without = state_dict(*build_without_draws(plain, input_for(num_classes)));
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state_dict(network)) {
    if (!without.contains(name)) names.push_back(name);
  }
  return names;
}

NetworkPlan::NamedClasses NetworkPlan::class_names(std::int64_t num_classes) const {
  const auto as_many = [&](const std::vector<std::string>& names) { return std::ssize(names) == num_classes; };
  if (!classes_.empty()) {
    if (as_many(classes_)) return {classes_, ""};
    throw InputError("classes", std::to_string(num_classes) + " names, one for each class of the weights",
                     std::to_string(classes_.size()));
  }
  if (experiment_ && as_many(experiment_->classes())) return {experiment_->classes(), "the data set's"};
  if (weights_.description && as_many(weights_.description->classes)) return {weights_.description->classes, ""};
  if (as_many(weights_.classes)) return {weights_.classes, ""};
  if (as_many(imagenet_classes())) return {imagenet_classes(), "ImageNet's"};
  return {numbered_classes(num_classes), "numbers"};
}

NamedNetwork build_for(const NetworkPlan& plan, const std::vector<Rename>& renames) {
  const WeightsFile& file = plan.weights().file;
  NamedNetwork named;
  named.num_classes = plan.likely_classes();
  named.classifier = plan.build(named.num_classes);
  named.weights = name_for(*named.classifier, file, renames);
  const auto in_file = classes_in(named.weights.tensors, *named.classifier);
  if (!in_file || *in_file == named.num_classes) return named;
  named.num_classes = *in_file;
  named.classifier = plan.build(named.num_classes);
  named.weights = name_for(*named.classifier, file, renames);
  return named;
}

}  // namespace fovea
