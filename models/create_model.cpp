#include <fovea/base/error.h>
#include <fovea/models/create_model.h>
#include <fovea/models/model_field.h>
#include <fovea/models/registry.h>
#include <fovea/nn/initialise.h>

namespace fovea {
namespace {

/// Section of a configuration: name and options. @param reserved keys of the section that are not options.
Json section_of(const std::string& name, const OptionValues& options, std::initializer_list<const char*> reserved,
                const std::string& where) {
  Json section = {{"name", name}};
  for (const char* key : reserved) {
    if (options.values().contains(key)) {
      throw InputError(where + ": options of '" + name + "'", "options alone",
                       std::string("'") + key + "', which is not an option");
    }
  }
  section.update(options.values());
  return section;
}

Json section_of(const AttentionChoice& choice, const std::string& where) {
  choice.options.expect_options_of(find_mechanism(choice.name, where + ": attention"), where);
  Json section = section_of(choice.name, choice.options, {"name", "at", "stages", "init"}, where);
  if (choice.place.at) section["at"] = to_string(*choice.place.at);
  if (!choice.place.stages.empty()) section["stages"] = choice.place.stages;
  if (choice.place.init == GateStart::identity) section["init"] = "identity";
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
  const std::int64_t side = row.photos ? row.photos->side : kOtherSide;
  return {.channels = options.in_channels,
          .height = options.height.value_or(side),
          .width = options.width.value_or(side),
          .num_classes = options.num_classes.value_or(row.photos ? kPublishedClasses : kOtherClasses)};
}

}  // namespace

OptionValues::OptionValues(std::initializer_list<std::pair<const char*, Json>> values) {
  for (const auto& [name, value] : values) values_[name] = value;
}

void OptionValues::throw_other_type(const std::string& name, const std::string& where) {
  throw InputError(where + ": " + name, "its own options", "plain options of another type");
}

std::shared_ptr<Classifier> create_model(const std::string& name, const ModelOptions& options) {
  const std::string where = "create_model";
  const ModelRow& row = find_model(name, where);
  options.options.expect_options_of(row, where);
  Json section = section_of(name, options.options, {"name", "attention"}, where);
  if (!options.attention.empty()) section["attention"] = attention_of(options.attention, where);
  ModelField model;
  model.read(parse_yaml(section.dump(-1, ' ', false, Json::error_handler_t::replace), where), "model");
  auto network = build_without_weights(model, input_of(row, options));
  initialise(*network, options.seed);
  return network;
}

}  // namespace fovea
