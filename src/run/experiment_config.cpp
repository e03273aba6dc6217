#include <algorithm>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/run/experiment_config.h>

namespace fovea {
namespace {

/// @throws InputError for a path that belongs to the nested data set, e.g. `root` in place of `source.root`.
void expect_own_paths(const ConfigNode& section, DataField& data, const std::string& path) {
  for (const RoleOfField& field : field_roles(*data.options)) {
    const std::size_t dot = field.name.rfind('.');
    if (field.role != FieldRole::path || dot == std::string::npos) continue;
    const std::string key = field.name.substr(dot + 1);
    const ConfigNode* given = section.find(key);
    if (given == nullptr) continue;
    throw InputError((given->origin.empty() ? "" : given->origin + ": ") + path + "." + key,
                     path + "." + field.name + ", the folder of the data set that '" + data.row->name + "' is made of",
                     given->describe());
  }
}

/// Removes a key with a dotted name from a document.
void erase_key(Json& document, const std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) {
    document.erase(name);
  } else if (const auto group = document.find(name.substr(0, dot)); group != document.end()) {
    erase_key(*group, name.substr(dot + 1));
  }
}

PreprocessOptions default_preprocessing(const DataField& data, const ModelRow& model, const ConfigNode* given) {
  if (data.row->varying_sizes && model.preprocessing)
    return preprocessing_defaults(preprocessing_of(*model.preprocessing), given);
  const PixelStatistics statistics = data.row->statistics(*data.options);
  PreprocessOptions preprocess;
  preprocess.mean = statistics.mean;
  preprocess.standard_deviation = statistics.standard_deviation;
  return preprocess;
}

/// @throws InputError when the section `train` has options of choices that the network does not make.
void expect_own_choices(const ConfigNode* train, const std::string& model, ChoiceKind kind) {
  if (train == nullptr) return;
  const std::vector<std::string> own = choice_keys(kind);
  for (const std::string& key : choice_keys(ChoiceKind::locations)) {
    const ConfigNode* given = train->find(key);
    if (given == nullptr || std::find(own.begin(), own.end(), key) != own.end()) continue;
    const bool chooses = kind != ChoiceKind::none;
    throw InputError(given->origin + ": train." + key,
                     chooses ? "a network that takes glimpses" : "a network with hard choices",
                     "'" + model + "', which " + (chooses ? "takes" : "has") + " none", "remove it");
  }
}

/// The node that a configuration file with this document has.
ConfigNode node_of(const Json& document) {
  ConfigNode node;
  node.origin = "configuration";
  if (document.is_object()) {
    node.kind = ConfigNode::Kind::map;
    for (const auto& [key, value] : document.items()) node.map.push_back({key, node_of(value)});
  } else if (document.is_array()) {
    node.kind = ConfigNode::Kind::list;
    for (const Json& value : document) node.list.push_back(node_of(value));
  } else if (!document.is_null()) {
    node.kind = ConfigNode::Kind::scalar;
    node.scalar = document.is_string() ? document.get<std::string>() : document.dump();
  }
  return node;
}

}  // namespace

ChoiceKind choice_kind(const ModelField& model) {
  const std::vector<Selects>& selects = model.row->traits.selects;
  if (std::find(selects.begin(), selects.end(), Selects::hard) != selects.end()) return ChoiceKind::locations;
  const bool chooses = std::any_of(model.attention.entries.begin(), model.attention.entries.end(),
                                   [](const auto& entry) { return entry.row->makes_choices(*entry.options); });
  return chooses ? ChoiceKind::elements : ChoiceKind::none;
}

std::vector<std::string> choice_keys(ChoiceKind kind) {
  TrainOptions options;
  options.set_choices(kind);
  std::vector<std::string> keys;
  for (const RoleOfField& field : field_roles(options)) {
    if (field.role == FieldRole::hard_choices) keys.push_back(field.name);
  }
  return keys;
}

PreprocessOptions preprocessing_defaults(PreprocessOptions own, const ConfigNode* given) {
  const auto is_given = [&](const char* key) {
    const ConfigNode* value = given == nullptr ? nullptr : given->find(key);
    return value != nullptr && !value->removed;
  };
  const bool resizes = is_given("resize");
  const bool crops = is_given("crop");
  if (resizes && !crops) own.crop = {0};
  if (!crops || resizes) return own;
  PreprocessOptions chosen;
  read_fields(chosen, *given, "preprocess");
  return chosen.crop.size() == 1 && chosen.crop[0] > 0 ? with_crop(std::move(own), chosen.crop[0]) : own;
}

void expect_named(const ConfigNode& root, const std::string& section) {
  const ConfigNode* value = root.kind == ConfigNode::Kind::map ? root.find(section) : nullptr;
  if (value != nullptr && value->kind != ConfigNode::Kind::null) return;
  throw InputError(
      (root.origin.empty() ? "" : root.origin + ": ") + section + ".name", "a name", "none",
      "add '" + section + ": {name: ...}' with a name of the list of " + section + (section == "data" ? " sets" : "s"));
}

void DataField::read(const ConfigNode& value, const std::string& path) {
  const SectionName section = section_name(value, path);
  row = &find_dataset(section.name, section.where);
  options = row->make_options();
  if (!section.has_options) return;
  expect_own_paths(value, *this, path);
  read_fields(*this, value, path);
}

void DataField::visit_fields(FieldVisitor& fields) {
  std::string name = row->name;  // read before, because the other fields depend on it
  fields.text("name", name, {"name of the data set", FieldRole::names_data});
  options->visit_fields(fields);
  visit_common_fields(fields);
}

void DataField::visit_common_fields(FieldVisitor& fields) {
  fields.optional_real("validation", validation, {.minimum = 0, .maximum = 1, .minimum_open = true, .maximum_open = true},
                       {"fraction of the training images that selects the weights; none: the last epoch is selected",
                        FieldRole::splits_training});
  fields.integer("limit", limit, kNonNegativeInteger,
                 {"number of images to use, the first of each split; 0 = all", FieldRole::splits_training});
  fields.integer("workers", workers, {1, 256},
                 {"threads that read and augment images; does not change the result", FieldRole::effort});
  fields.choice("sampler", sampler, {{"shuffled", Sampling::shuffled}, {"balanced", Sampling::balanced}},
                "order of an epoch: every training image once, or every class equally often");
  fields.group("augment", augment, "augmentation of training images");
}

std::vector<NamedFields> DataField::implementations() const {
  std::vector<NamedFields> implementations;
  for (const DatasetRow& known : dataset_registry()) {
    implementations.push_back({known.name, describe_fields(*known.make_options())});
  }
  return implementations;
}

Json DataField::write() {
  return write_fields(*this);
}

void ExperimentConfig::visit_fields(FieldVisitor& fields) {
  fields.integer("seed", seed, kNonNegativeInteger, "seed of every random draw");
  fields.custom("data", data, "a data set and its options");
  fields.group("preprocess", preprocess, "resizing, cropping and normalisation of images");
  fields.custom("model", model, "a network, its options and its attention");
  fields.group("train", train, "options of training");
}

std::unique_ptr<ExperimentConfig> read_experiment_config(const ConfigNode& root) {
  auto config = std::make_unique<ExperimentConfig>();
  for (const char* section : {"data", "model"}) expect_named(root, section);
  config->data.read(*root.find("data"), "data");
  config->model.read(*root.find("model"), "model");
  config->preprocess = default_preprocessing(config->data, *config->model.row, root.find("preprocess"));
  config->train.set_choices(choice_kind(config->model));
  expect_own_choices(root.find("train"), config->model.row->name, config->train.choices);
  read_fields(*config, root, "");
  config->train.validate();
  if (config->train.class_weights.balanced() && config->data.sampler == Sampling::balanced) {
    throw InputError("train.class_weights", "none, or data.sampler: shuffled", "balanced beside a balanced sampler",
                     "choose one: both together would correct twice");
  }
  return config;
}

void expect_valid(ExperimentConfig& config) {
  for (const auto& [section, has_name] :
       {std::pair("data", config.data.row != nullptr && config.data.options != nullptr),
        std::pair("model", config.model.row != nullptr && config.model.options != nullptr)}) {
    if (!has_name)
      throw InputError(std::string(section) + ".name", "a name", "none", "read the section, or a configuration");
  }
  const ChoiceKind kind = choice_kind(config.model);
  if (config.train.choices == ChoiceKind::none && kind != ChoiceKind::none) config.train.set_choices(kind);
  read_experiment_config(node_of(write_fields(config)));
}

Json result_defining(ExperimentConfig& config) {
  Json document = write_fields(config);
  for (const RoleOfField& field : field_roles(config)) {
    if (field.role == FieldRole::path || field.role == FieldRole::effort) erase_key(document, field.name);
  }
  return document;
}

}  // namespace fovea
