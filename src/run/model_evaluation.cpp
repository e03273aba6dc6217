#include <algorithm>
#include <chrono>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/eval/evaluator.h>
#include <fovea/models/model_field.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/run/experiment_config.h>
#include <fovea/run/internal/settings.h>
#include <fovea/run/internal/trained_settings.h>
#include <fovea/run/model.h>

namespace fovea {
namespace {

/// The configuration of a model file's run; null when the config.yaml beside the file belongs to another network.
ConfigNode config_beside(const Model& model) {
  const ModelSource& source = model.source();
  if (source.config_file.empty()) return {};
  ConfigNode root = read_yaml_file(source.config_file);
  if (!source.directory.empty()) return root;
  ModelField described;
  described.read(model.description().model, "model");
  return read_experiment_config(root)->model.write() == described.write() ? root : ConfigNode{};
}

/// "data.root" of "data.root=DIR".
std::string key_of(const std::string& setting) {
  return setting.substr(0, setting.find('='));
}

/// @throws InputError when a setting could bring images that the model was trained on into the split.
void expect_splits_kept(const std::vector<std::string>& settings, ExperimentConfig& config, Split split) {
  const std::vector<RoleOfField> roles = field_roles(config);
  const auto role_of = [&](const std::string& key) {
    const auto found = std::find_if(roles.begin(), roles.end(), [&](const RoleOfField& field) { return field.name == key; });
    return found == roles.end() ? FieldRole::defines_result : found->role;
  };
  const bool other_data = std::any_of(settings.begin(), settings.end(), [&](const std::string& setting) {
    const FieldRole role = role_of(key_of(setting));
    return role == FieldRole::names_data || role == FieldRole::path;
  });
  for (const std::string& setting : settings) {
    const FieldRole role = role_of(key_of(setting));
    const bool mixes =
        (role == FieldRole::splits_training && split != Split::test) || (role == FieldRole::splits_data && !other_data);
    if (mixes) throw_fixed(setting);
  }
}

}  // namespace

ExperimentData Model::data(Split split, const Warn& warn, const Warn& note) const {
  ConfigNode root = source_.config;
  if (is_trained()) {  // the configuration only describes the data
    expect_data_settings(source_.settings);
    try {
      root = config_beside(*this);
    } catch (const InputError&) {  // an unrelated config.yaml, unless this is a run directory
      if (!source_.directory.empty()) throw;
    }
    apply_settings(root, source_.settings, note);
  }
  if (root.find("data") == nullptr) {
    throw InputError(source_.name, "a data set to score on", "none", "set data.name to one of fovea list datasets");
  }
  if (root.find("model") == nullptr) root.map.push_back({"model", description_->model});
  std::shared_ptr<ExperimentConfig> config = read_experiment_config(root);
  if (is_trained()) expect_splits_kept(source_.settings, *config, split);
  config->preprocess = description_->preprocess;
  return {std::move(config), classes(), warn};
}

EvaluationReport Model::evaluate(Split split, const EvaluateOptions& options) const {
  const Warn note = [&](const std::string& line) {
    if (options.note) options.note("note: " + line);
  };
  ExperimentData opened = data(split, options.warn, note);
  opened.check({split}, options.threads, options.note, options.stop_requested);
  return evaluate(opened.split(split), options);
}

EvaluationReport Model::evaluate(const DataSplit& data, const EvaluateOptions& options) const {
  const std::string where = "split " + to_string(data.split);
  if (data.loader.images() == 0) {
    throw InputError(where, "a split with images", "an empty one", "see data.validation");
  }
  const InputSpec& input = description_->input;
  const EvaluationOptions evaluation{options.threads, device_, options.stop_requested};
  const auto start = std::chrono::steady_clock::now();
  ClassificationMetrics metrics = fovea::evaluate(*network_, data.loader, std::ssize(classes()), evaluation, options.scored);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (metrics.images() == 0) throw InputError(where, "readable images", "none", "see the warnings");
  const double images_per_second = static_cast<double>(metrics.images()) / seconds.count();
  return {.split = data.split,
          .classes = classes(),
          .metrics = std::move(metrics),
          .images_per_second = images_per_second,
          .latency_ms = 1e3 * single_image_seconds(*network_, input),
          .parameters = count_parameters(*network_),
          .macs = count_multiply_adds(*network_, input),
          .glimpses = glimpse_scores(*network_, data.loader, evaluation, options.warn)};
}

}  // namespace fovea
