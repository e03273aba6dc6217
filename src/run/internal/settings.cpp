#include <algorithm>
#include <optional>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/options/names.h>
#include <fovea/run/experiment_config.h>
#include <fovea/run/internal/network_plan.h>
#include <fovea/run/internal/settings.h>

namespace fovea {
namespace {

constexpr const char* kName = ".name";

/// A section that selects an implementation by its name.
struct NamedSection {
  std::string path;  ///< "train.optimizer"
  std::vector<NamedFields> implementations;
  bool has_default = false;  ///< a map without a name selects the first one
};

void collect_sections(const std::string& prefix, const std::vector<FieldDescription>& fields,
                      std::vector<NamedSection>& sections) {
  for (const FieldDescription& field : fields) {
    if (!field.implementations.empty())
      sections.push_back({prefix + field.name, field.implementations, /*has_default=*/true});
  }
}

/// Every named section, also those of data sets that are made of another.
std::vector<NamedSection> named_sections() {
  std::vector<NamedSection> sections{{"data", DataField().implementations()},
                                     {"model", ModelField().implementations()},
                                     {"model.attention", AttentionField().implementations()}};
  const std::vector<NamedFields> data = sections.front().implementations;
  for (const NamedFields& set : data) collect_sections("data.", set.fields, sections);
  TrainOptions train;
  train.set_choices(ChoiceKind::locations);
  collect_sections("train.", describe_fields(train), sections);
  return sections;
}

std::string key_of_setting(const std::string& setting) {
  return setting.substr(0, setting.find('='));
}

/// "train.optimizer" of "train.optimizer.name" and of itself.
std::string section_of(const std::string& key) {
  return key.ends_with(kName) ? key.substr(0, key.rfind('.')) : key;
}

/// The path without indices into lists: "model.attention" of "model.attention.0".
std::string without_indices(const std::string& path) {
  std::string plain;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = path.find('.', begin);
    const std::string part = path.substr(begin, end - begin);
    if (part.find_first_not_of("0123456789") == std::string::npos) continue;
    plain += (plain.empty() ? "" : ".") + part;
  }
  return plain;
}

const NamedSection* find_section(const std::vector<NamedSection>& sections, const std::string& key) {
  const std::string path = without_indices(section_of(key));
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const auto& section) { return section.path == path; });
  return found == sections.end() ? nullptr : &*found;
}

/// The settings with those of whole sections and names first.
std::vector<std::string> with_names_first(std::vector<std::string> settings, const std::vector<NamedSection>& sections) {
  const auto is_name = [&](const std::string& setting) {
    return find_section(sections, key_of_setting(setting)) != nullptr;
  };
  const auto end = std::stable_partition(settings.begin(), settings.end(), is_name);
  const auto depth = [](const std::string& setting) {
    const std::string path = section_of(key_of_setting(setting));
    return std::count(path.begin(), path.end(), '.');
  };
  std::stable_sort(settings.begin(), end, [&](const auto& one, const auto& other) { return depth(one) < depth(other); });
  return settings;
}

/// The name in a section; empty without one.
std::string name_in(const ConfigNode& section) {
  if (section.kind == ConfigNode::Kind::scalar) return section.scalar;
  const ConfigNode* name = section.find("name");
  return name == nullptr ? "" : name->scalar;
}

const NamedFields* find_fields(const NamedSection& section, const std::string& name) {
  if (name.empty() && section.has_default) return &section.implementations.front();
  const auto found = std::find_if(section.implementations.begin(), section.implementations.end(),
                                  [&](const NamedFields& known) { return known.name == name; });
  return found == section.implementations.end() ? nullptr : &*found;
}

/// True for a field of one implementation whose value another one can have too.
bool keeps_value(const FieldDescription& field, const NamedFields& other) {
  return field.role != FieldRole::path &&
         std::any_of(other.fields.begin(), other.fields.end(), [&](const auto& known) { return known.name == field.name; });
}

/// Removes a key of a map, unless it is absent. @param removed gets its full name.
void remove_key(ConfigNode& map, const std::string& path, const std::string& key, std::vector<std::string>& removed) {
  const auto has_key = [&](const ConfigNode::Entry& entry) { return entry.key == key; };
  if (std::erase_if(map.map, has_key) > 0) removed.push_back(path + "." + key);
}

/// Kind of the choices of the configuration's network; None while the section `model` cannot be read.
std::optional<ChoiceKind> choices_of(const ConfigNode& root) {
  const ConfigNode* model = root.find("model");
  if (model == nullptr) return std::nullopt;
  ModelField described;
  try {
    described.read(*model, "model");
  } catch (const InputError&) {  // reading the configuration reports it
    return std::nullopt;
  }
  return choice_kind(described);
}

bool sets_train_key(const std::string& setting, const std::string& key) {
  const std::string full = "train." + key;
  return setting.starts_with(full + "=") || setting.starts_with(full + ".");
}

/// Forgets settings like `train.policy=none` of keys that the network does not have anyway.
void forget_removed_choices(ConfigNode& train, ChoiceKind kind) {
  const std::vector<std::string> own = choice_keys(kind);
  for (const std::string& key : choice_keys(ChoiceKind::locations)) {
    if (std::find(own.begin(), own.end(), key) != own.end()) continue;
    std::erase_if(train.map, [&](const ConfigNode::Entry& entry) { return entry.key == key && entry.value.removed; });
  }
}

/// Removes the keys of the choices that a network made before the settings and no longer makes. @param given settings whose
/// keys stay, for reading to report.
void remove_former_choices(ConfigNode& root, std::optional<ChoiceKind> before, const std::vector<std::string>& given,
                           std::vector<std::string>& removed) {
  const auto now = choices_of(root);
  ConfigNode* train = root.find("train");
  if (!now || train == nullptr) return;
  forget_removed_choices(*train, *now);
  if (!before || *now == *before) return;
  for (const std::string& key : choice_keys(*before)) {  // those of the same name have other options
    const bool is_given =
        std::any_of(given.begin(), given.end(), [&](const std::string& setting) { return sets_train_key(setting, key); });
    if (!is_given) remove_key(*train, "train", key, removed);
  }
}

/// Applies a setting that may rename a section, and removes what only the old name has.
void rename_section(ConfigNode& root, const std::string& setting, const NamedSection& section, const Warn& note) {
  const std::string path = section_of(key_of_setting(setting));
  const auto choices_before = choices_of(root);
  const ConfigNode* before = find_path(root, path);
  const std::string old_name = before == nullptr ? "" : name_in(*before);
  apply_setting(root, setting);
  ConfigNode& node = *find_path(root, path);
  const std::string name = name_in(node);
  const NamedFields* old_fields = find_fields(section, old_name);
  const NamedFields* new_fields = find_fields(section, name);
  if (old_fields == nullptr || new_fields == nullptr || old_fields == new_fields) return;  // reading reports unknown names

  std::vector<std::string> removed;
  const bool keeps_options = key_of_setting(setting).ends_with(kName);  // another setting replaces the whole section
  for (const FieldDescription& field : old_fields->fields) {
    if (keeps_options && !keeps_value(field, *new_fields)) remove_key(node, path, field.name, removed);
  }
  if (path == "model") remove_former_choices(root, choices_before, {}, removed);
  if (removed.empty() || !note) return;
  note("setting " + setting + " removes what belonged to '" + old_fields->name + "': " + join_names(removed));
}

}  // namespace

void apply_settings(ConfigNode& root, const std::vector<std::string>& settings, const Warn& note) {
  if (settings.empty()) return;
  const std::vector<NamedSection> sections = named_sections();
  const auto choices_before = choices_of(root);
  for (const std::string& setting : with_names_first(settings, sections)) {
    const NamedSection* section = find_section(sections, key_of_setting(setting));
    section == nullptr ? apply_setting(root, setting) : rename_section(root, setting, *section, note);
  }
  std::vector<std::string> removed;
  remove_former_choices(root, choices_before, settings, removed);
  if (!removed.empty() && note) note("the network no longer makes such hard choices; removed: " + join_names(removed));
}

}  // namespace fovea
