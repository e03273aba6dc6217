#include <fovea/base/error.h>
#include <fovea/models/create_model.h>
#include <fovea/models/model_field.h>
#include <fovea/models/registry.h>
#include <fovea/nn/initialise.h>

namespace fovea {
namespace {

/// Section of a configuration: name and options. @param row of the network or mechanism. @param reserved keys of the section
/// that are not options.
template <typename Row>
Json section_of(const Row& row, const OptionValues& options, std::initializer_list<const char*> reserved,
                const std::string& where) {
  const auto defaults = row.make_options();
  const Json values = options.values_for(row.name, *defaults, where);
  for (const char* key : reserved) {
    if (values.contains(key)) {
      throw InputError(where + ": options of '" + row.name + "'", "options alone",
                       std::string("'") + key + "', which is not an option");
    }
  }
  Json section = {{"name", row.name}};
  section.update(values);
  return section;
}

Json section_of(const AttentionChoice& choice, const std::string& where) {
  const MechanismRow& row = find_mechanism(choice.name, where + ": attention");
  Json section = section_of(row, choice.options, {"name", "at", "stages", "init"}, where);
  if (choice.insertion.at) section["at"] = to_string(*choice.insertion.at);
  if (!choice.insertion.stages.empty()) section["stages"] = choice.insertion.stages;
  if (choice.insertion.init == GateStart::identity) section["init"] = "identity";
  return section;
}

Json attention_of(const std::vector<AttentionChoice>& choices, const std::string& where) {
  if (choices.size() == 1 && choices.front().name == "none") return "none";
  Json list = Json::array();
  for (const AttentionChoice& choice : choices) list.push_back(section_of(choice, where));
  return list;
}

InputSpec input_of(const ModelRow& row, const ModelOptions& options) {
  constexpr std::int64_t kPublishedClasses = 1000, kOtherClasses = 10, kOtherSide = 32;
  const std::int64_t side = row.preprocessing ? row.preprocessing->side : kOtherSide;
  return {.channels = options.in_channels,
          .height = options.height.value_or(side),
          .width = options.width.value_or(side),
          .num_classes = options.num_classes.value_or(row.preprocessing ? kPublishedClasses : kOtherClasses)};
}

}  // namespace

OptionValues::OptionValues(std::initializer_list<std::pair<const char*, Json>> values) {
  for (const auto& [name, value] : values) values_[name] = value;
}

Json OptionValues::values_for(const std::string& name, Options& defaults, const std::string& where) const {
  if (type_ == nullptr) return values_;
  if (typeid(defaults) != *type_) {
    throw InputError(where + ": " + name, "its own options", "plain options of another type");
  }
  const Json changeable = write_fields(defaults), all = all_fields_(defaults);
  Json values = Json::object();
  for (const auto& [field, value] : values_.items()) {
    if (changeable.contains(field)) {
      values[field] = value;
    } else if (value != all.at(field)) {
      throw InputError(where + ": " + name + ": " + field, all.at(field).dump() + ", which is part of the name",
                       value.dump(), "choose the network or mechanism that has it by its name");
    }
  }
  return values;
}

Json OptionValues::changes_between(const Json& from, const Json& to) {
  Json changes = Json::object();
  for (const auto& [name, value] : to.items()) {
    const Json& before = from.at(name);
    if (value == before) continue;
    changes[name] = value.is_object() && before.is_object() ? changes_between(before, value) : value;
  }
  return changes;
}

std::shared_ptr<Classifier> create_model(const std::string& name, const ModelOptions& options) {
  const std::string where = "create_model";
  const ModelRow& row = find_model(name, where);
  Json section = section_of(row, options.options, {"name", "attention"}, where);
  if (!options.attention.empty()) section["attention"] = attention_of(options.attention, where);
  ModelField model;
  model.read(parse_yaml(section.dump(-1, ' ', false, Json::error_handler_t::replace), where), "model");
  auto network = build_without_weights(model, input_of(row, options));
  initialise(*network, options.seed);
  return network;
}

}  // namespace fovea
