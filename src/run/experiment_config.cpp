#include <algorithm>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/datasets/translated_digits.h>
#include <fovea/run/experiment_config.h>

namespace fovea {
namespace {

/// The keys of `data` besides its name.
struct DataFields {
  explicit DataFields(DataField& target) : data(target) {}
  DataField& data;

  void visit_fields(FieldVisitor& fields) {
    data.options->visit_fields(fields);
    fields.optional_real("validation", data.validation,
                         {.minimum = 0, .maximum = 1, .minimum_open = true, .maximum_open = true},
                         "share of the training set to select weights on");
    fields.integer("limit", data.limit, kNonNegativeInteger, "first images of each split to use; 0 = all");
    fields.integer("workers", data.workers, {1, 256}, "threads that read and augment; does not change the result");
    fields.choice("sampler", data.sampler, {{"shuffled", Sampling::shuffled}, {"balanced", Sampling::balanced}},
                  "order of an epoch: every training image once, or every class equally often");
    fields.group("augment", data.augment, "random changes to training images");
  }
};

/// @throws InputError for a root of a data set that reads no files of its own.
void expect_no_root(const ConfigNode& section, const DataField& data, const std::string& path) {
  const ConfigNode* root = section.find("root");
  if (root == nullptr || dynamic_cast<const TranslatedDigitsOptions*>(data.options.get()) == nullptr) return;
  throw InputError((root->origin.empty() ? "" : root->origin + ": ") + path + ".root",
                   path + ".source.root, the folder of the data set that '" + data.row->name + "' is made of",
                   root->describe());
}

PreprocessOptions default_preprocessing(const DataField& data, const ModelRow& model, const ConfigNode* given) {
  if (data.row->photos && model.photos) return preprocessing_defaults(preprocessing_of(*model.photos), given);
  const PixelStatistics statistics = data.row->statistics(*data.options);
  PreprocessOptions preprocess;
  preprocess.mean = statistics.mean;
  preprocess.standard_deviation = statistics.standard_deviation;
  return preprocess;
}

/// Whether training has choices to explore and to learn.
bool makes_hard_choices(const ModelRow& model) {
  const std::vector<Selects>& selects = model.traits.selects;
  return std::find(selects.begin(), selects.end(), Selects::hard) != selects.end();
}

/// @throws InputError when the section `train` says how choices are learned that the network does not make.
void expect_no_choices(const ConfigNode* train, const std::string& model) {
  if (train == nullptr) return;
  for (const char* key : {"policy", "step_loss"}) {
    const ConfigNode* given = train->find(key);
    if (given == nullptr) continue;
    throw InputError(given->origin + ": train." + key, "a network with hard choices", "'" + model + "', which has none",
                     "remove it");
  }
}

}  // namespace

PreprocessOptions preprocessing_defaults(PreprocessOptions own, const ConfigNode* given) {
  const bool resizes = given != nullptr && given->find("resize") != nullptr;
  const bool crops = given != nullptr && given->find("crop") != nullptr;
  if (resizes && !crops) own.crop = {0};
  if (!crops || resizes) return own;
  PreprocessOptions asked;
  read_fields(asked, *given, "preprocess");
  return asked.crop.size() == 1 && asked.crop[0] > 0 ? with_crop(std::move(own), asked.crop[0]) : own;
}

void expect_named(const ConfigNode& root, const std::string& section) {
  const ConfigNode* value = root.kind == ConfigNode::Kind::map ? root.find(section) : nullptr;
  if (value != nullptr && value->kind != ConfigNode::Kind::null) return;
  throw InputError(
      (root.origin.empty() ? "" : root.origin + ": ") + section + ".name", "a name", "nothing",
      "add '" + section + ": {name: ...}'; fovea list " + section + (section == "data" ? "sets" : "s") + " shows the names");
}

void DataField::read(const ConfigNode& value, const std::string& path) {
  const SectionName section = section_name(value, path);
  row = &find_dataset(section.name, section.where);
  options = row->make_options();
  if (!section.has_options) return;
  expect_no_root(value, *this, path);
  DataFields fields(*this);
  read_fields(fields, value, path, {"name"});
}

Json DataField::write() {
  Json map = {{"name", row->name}};
  DataFields fields(*this);
  map.update(write_fields(fields));
  return map;
}

void ExperimentConfig::visit_fields(FieldVisitor& fields) {
  fields.integer("seed", seed, kNonNegativeInteger, "of every random draw");
  fields.custom("data", data, "a data set and its options");
  fields.group("preprocess", preprocess, "how images become network input");
  fields.custom("model", model, "a network, its options and its attention");
  fields.group("train", train, "how to train");
}

std::unique_ptr<ExperimentConfig> read_experiment_config(const ConfigNode& root) {
  auto config = std::make_unique<ExperimentConfig>();
  for (const char* section : {"data", "model"}) expect_named(root, section);
  config->data.read(*root.find("data"), "data");
  config->model.read(*root.find("model"), "model");
  config->preprocess = default_preprocessing(config->data, *config->model.row, root.find("preprocess"));
  config->train.hard_choices = makes_hard_choices(*config->model.row);
  if (!config->train.hard_choices) expect_no_choices(root.find("train"), config->model.row->name);
  read_fields(*config, root, "");
  config->train.validate();
  if (config->train.class_weights.balanced() && config->data.sampler == Sampling::balanced) {
    throw InputError("train.class_weights", "none, or data.sampler: shuffled", "balanced beside a balanced sampler",
                     "choose one: both together would correct twice");
  }
  return config;
}

ConfigNode read_config_with_settings(const std::string& path, const std::vector<std::string>& settings) {
  ConfigNode root = read_yaml_file(path);
  for (const std::string& setting : settings) apply_setting(root, setting);
  return root;
}

Json result_defining(Json config) {
  Json& data = config.at("data");
  data.erase("root");
  data.erase("workers");
  if (data.contains("source")) data.at("source").erase("root");  // of a data set made of another one
  config.at("train").erase("checkpoint_seconds");
  return config;
}

}  // namespace fovea
