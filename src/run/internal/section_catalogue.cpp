#include <algorithm>
#include <utility>

#include <fovea/options/find_row.h>
#include <fovea/options/names.h>
#include <fovea/run/experiment_config.h>
#include <fovea/run/internal/section_catalogue.h>

namespace fovea {
namespace {

std::vector<FieldDescription> with_prefix(const std::string& prefix, std::vector<FieldDescription> fields) {
  for (FieldDescription& field : fields) field.name.insert(0, prefix + ".");
  return fields;
}

CatalogueRow key_row(const std::string& name, const std::string& kind, std::vector<FieldDescription> options) {
  CatalogueRow row;
  row.name = name;
  row.kind = kind;
  row.options = std::move(options);
  return row;
}

std::vector<CatalogueRow> section_rows(const std::string& section, const std::string& help,
                                       std::vector<FieldDescription> fields) {
  std::vector<CatalogueRow> rows{key_row(section, kSectionKind, {})};
  rows.front().help = help;
  for (FieldDescription& field : fields) {
    const std::string key = section + "." + field.name;
    for (NamedFields& selected : field.implementations) {
      rows.push_back(key_row(selected.name, key, with_prefix(key, std::move(selected.fields))));
    }
  }
  rows.front().options = with_prefix(section, std::move(fields));
  return rows;
}

/// The keys that all data sets have, as options of their own.
struct CommonDataFields {
  DataField data;
  void visit_fields(FieldVisitor& fields) { data.visit_common_fields(fields); }
};

bool is_key_of(const std::string& key, const std::string& group) {
  return key == group || key.starts_with(group + ".");
}

[[noreturn]] void throw_unknown_key(const std::vector<CatalogueRow>& rows, const std::string& name) {
  const std::string& section = rows.front().name;
  std::vector<std::string> names;
  const auto add = [&](const std::string& known) {
    if (std::find(names.begin(), names.end(), known) == names.end()) names.push_back(known);
  };
  for (const CatalogueRow& row : rows) {
    if (row.kind != kSectionKind) add(row.name);
    for (const FieldDescription& option : row.options) {
      add(option.name.substr(section.size() + 1));
      add(option.name.substr(option.name.rfind('.') + 1));
    }
  }
  throw_unknown_row(name, names, "fovea list " + section, "a key of " + section, section);
}

}  // namespace

std::vector<CatalogueRow> train_section() {
  TrainOptions train;
  train.set_choices(ChoiceKind::locations);
  return section_rows("train", "options of training", describe_fields(train));
}

std::vector<CatalogueRow> data_section() {
  const std::vector<NamedFields> sets = DataField().implementations();
  std::vector<std::string> names;
  for (const NamedFields& set : sets) names.push_back(set.name);
  CommonDataFields common;
  std::vector<FieldDescription> fields = describe_fields(common);
  fields.insert(fields.begin(),
                {"name", Json(), "one of " + join_names(names), "name of the data set", FieldRole::names_data, {}});
  std::vector<CatalogueRow> rows = section_rows("data", "a data set, its validation split and augmentation", fields);
  for (const NamedFields& set : sets) {
    rows.push_back(key_row(set.name, "data.name", with_prefix("data", set.fields)));
  }
  return rows;
}

std::vector<CatalogueRow> preprocess_section() {
  PreprocessOptions preprocess;
  return section_rows("preprocess",
                      "resizing, cropping and normalisation; defaults are those of the network for data sets of photos, and "
                      "mean and std those of the data set for others",
                      describe_fields(preprocess));
}

std::vector<CatalogueRow> matching_keys(std::vector<CatalogueRow> rows, const std::string& name) {
  const std::string& section = rows.front().name;
  const std::string key = is_key_of(name, section) ? name : section + "." + name;
  if (key == section) return rows;
  std::vector<CatalogueRow> matching;
  for (const CatalogueRow& row : rows) {
    const bool is_selected = row.kind != kSectionKind && row.name == name;
    CatalogueRow part = row;
    if (!is_selected) std::erase_if(part.options, [&](const auto& option) { return !is_key_of(option.name, key); });
    if (is_selected || !part.options.empty()) matching.push_back(std::move(part));
  }
  if (matching.empty()) throw_unknown_key(rows, name);
  return matching;
}

}  // namespace fovea
