#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/models/model_field.h>
#include <fovea/models/parameter_free_choice.h>
#include <fovea/options/names.h>
#include <fovea/run/assumptions.h>
#include <fovea/run/conversion.h>
#include <fovea/run/internal/network_plan.h>
#include <fovea/run/internal/python_module.h>
#include <fovea/run/internal/settings.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/state_dict.h>
#include <fovea/weights/weights_advice.h>

namespace fovea {
namespace {

std::int64_t count_values(const NamedTensors& tensors) {
  std::int64_t values = 0;
  for (const auto& [name, tensor] : tensors) values += tensor.numel();
  return values;
}

/// The key mapping of a name; none for the network's own keys. @param option names the option in messages.
std::optional<KeyMapping> chosen_mapping(const Classifier& network, const std::string& option, const std::string& name,
                                         const std::string& model) {
  if (name == kOwnNames || name == kStateDictNames || name.empty()) return std::nullopt;
  std::vector<std::string> known = {kOwnNames, kStateDictNames};
  for (KeyMapping& mapping : key_mappings_of(network)) {
    if (mapping.name == name) return std::move(mapping);
    known.push_back(mapping.name);
  }
  throw InputError(option, join_names(known) + " for " + model, "'" + name + "'");
}

/// torchvision's networks have no place for attention. @throws InputError for a network with some.
void expect_no_attention(const std::string& to, const std::vector<std::string>& attention_tensors) {
  if (to != "torchvision" || attention_tensors.empty()) return;
  throw InputError("conversion to", "fovea or state_dict for a network with attention", to,
                   to + "'s network has no " + attention_tensors.front() + " and " +
                       std::to_string(attention_tensors.size() - 1) +
                       " more; convert to state_dict for Python code of yours");
}

/// Notes on choices without parameters that differ from the network of this name in another library: the tensors fit there,
/// and compute something else.
std::vector<std::string> notes_on_choices(const NetworkPlan& plan, const std::string& to) {
  ModelField usual;
  usual.read(parse_yaml(plan.model_name(), "model"), "model");
  const auto& choices = plan.row().parameter_free;
  const std::vector<AssumedChoice> there = assumed_choices(choices, usual.write());
  std::vector<std::string> notes;
  for (const AssumedChoice& here : assumed_choices(choices, plan.model_json())) {
    const bool is_usual = std::any_of(there.begin(), there.end(), [&](const AssumedChoice& choice) {
      return choice.about == here.about && choice.value == here.value;
    });
    if (is_usual) continue;
    notes.push_back(to + "'s " + plan.model_name() + " may have another " + here.about + " than " + here.value +
                    ": there these weights predict otherwise");
  }
  return notes;
}

/// A network as a model file describes it.
struct DescribedNetwork {
  ModelDescription description;
  Json json;  ///< the same, as the file has it
};

/// @return the network; none when the tensors do not fit.
std::optional<DescribedNetwork> convert_for(const NetworkPlan& plan, const ConversionOptions& options,
                                            Conversion& conversion) {
  NamedNetwork named = build_for(plan, options.renames);
  const Classifier& network = *named.classifier;
  conversion.network = plan.model_name();
  conversion.names_in = named.weights.mapping.empty() ? kOwnNames : named.weights.mapping;
  conversion.names_out = options.to;
  conversion.report = compare_weights(state_dict(network), named.weights.tensors);
  conversion.assumed = plan.assumed(named.num_classes);
  chosen_mapping(network, "conversion from", options.from, conversion.network);
  const auto mapping = chosen_mapping(network, "conversion to", options.to, conversion.network);
  if (!conversion.report.fits()) {
    conversion.advice = weights_advice(network, named.weights, plan.other_networks(named.num_classes));
  }
  conversion.tensors = std::move(named.weights.tensors);
  if (!conversion.report.fits()) return std::nullopt;
  if (mapping) {
    conversion.attention_tensors = plan.attention_tensors(network, named.num_classes);
    expect_no_attention(mapping->name, conversion.attention_tensors);
    conversion.tensors = to_external_names(*mapping, conversion.tensors);
    const std::vector<std::string> notes = notes_on_choices(plan, mapping->name);
    conversion.notes.insert(conversion.notes.end(), notes.begin(), notes.end());
  }
  ModelDescription description = plan.description(named.num_classes);
  Json json =
      describe_model(plan.model_json(), description.input, description.classes, description.preprocess, description.decode);
  return DescribedNetwork{std::move(description), std::move(json)};
}

void expect_no_network_options(const ConversionOptions& options) {
  for (const auto& [option, given] : {std::pair("conversion to", options.to != kOwnNames),
                                      {"conversion from", !options.from.empty()},
                                      {"classes", !options.classes.empty()},
                                      {"settings", !options.settings.empty()},
                                      {"python", !options.python.empty()}}) {
    if (given) throw InputError(option, "a model", "none", "name the network of these weights");
  }
}

/// The configuration of the network: from the options, or from the file's description.
std::optional<ConfigNode> network_config(const ConversionOptions& options, const DescribedWeights& weights,
                                         const Warn& note) {
  if (!options.model.empty()) return read_model_config(options.model, options.settings, note);
  if (!weights.description) return std::nullopt;
  ConfigNode root;
  root.kind = ConfigNode::Kind::map;
  root.map.push_back({"model", weights.description->model});
  apply_settings(root, options.settings, note);
  return root;
}

void write_converted(const ConversionOptions& options, const Conversion& conversion,
                     const std::optional<DescribedNetwork>& network) {
  if (conversion.is_model_file) {
    write_model_file(options.out, conversion.tensors, network->json);
    return;
  }
  Metadata metadata{{"format", "pt"}};
  if (network) metadata = export_metadata(network->json);
  const bool has_own_names = options.to == kOwnNames || options.to == kStateDictNames;
  if (!has_own_names) metadata[kMappingKey] = options.to;  // names alone may be ambiguous
  write_safetensors(options.out, conversion.tensors, metadata);
}

/// @param reader of the file in Python, for the message.
void expect_new_file(const std::string& path, const std::string& ending, const std::string& reader) {
  if (!path.ends_with(ending)) throw InputError(path, "a name that ends with " + ending, "another ending", reader);
  std::error_code unreachable;
  if (std::filesystem::exists(path, unreachable))
    throw InputError(path, "a file that does not exist yet", "one", "choose another name");
}

/// The file that the Python module loads. @param in the file that was read. @throws InputError when its tensors have other
/// names.
std::string weights_of_python(const std::string& in, const ConversionOptions& options, const Conversion& conversion) {
  if (options.to != kOwnNames && options.to != kStateDictNames) {
    throw InputError("conversion to", "fovea or state_dict, whose names the Python module has", options.to);
  }
  if (!options.out.empty()) return options.out;
  const bool is_as_written =
      is_safetensors(in) && conversion.names_in == kOwnNames && conversion.prefix.empty() && options.renames.empty();
  if (is_as_written) return in;
  throw InputError("python", "an output that the module can load", "none", "name a safetensors file to write");
}

Json to_json(const std::vector<WeightsReport::Mismatch>& mismatches) {
  Json list = Json::array();
  for (const auto& mismatch : mismatches) {
    list.push_back({{"name", mismatch.name}, {"expected", mismatch.expected}, {"got", mismatch.got}});
  }
  return list;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

Conversion convert_weights(const std::string& in, const ConversionOptions& options) {
  if (!options.out.empty())
    expect_new_file(options.out, ".safetensors", "safetensors.torch.load_file() reads them in Python");
  if (!options.python.empty()) expect_new_file(options.python, ".py", "it is Python source");
  DescribedWeights weights = read_weights(in, options.key);
  if (!options.from.empty()) weights.file.mapping = options.from;
  Conversion conversion;
  conversion.in = in;
  conversion.tensors_in = std::ssize(weights.file.tensors);
  conversion.values_in = count_values(weights.file.tensors);
  conversion.prefix = weights.file.prefix;
  conversion.notes = weights.file.notes;
  std::optional<DescribedNetwork> network;
  std::string python;
  if (const auto root = network_config(options, weights, [&](const auto& note) { conversion.notes.push_back(note); })) {
    const NetworkPlan plan(*root, weights, options.classes, torch::kCPU);
    network = convert_for(plan, options, conversion);
    if (!options.python.empty() && network) {
      python =
          python_module(network->description, weights_of_python(weights.file.path, options, conversion), options.python);
    }
  } else {
    expect_no_network_options(options);
    conversion.tensors = renamed_tensors(weights.file, options.renames);
  }
  conversion.report.not_finite = not_finite_names(conversion.tensors);
  if (!conversion.report.fits()) return conversion;
  conversion.is_model_file = network && options.to == kOwnNames;
  if (!options.out.empty()) write_converted(options, conversion, network);
  conversion.out = options.out;
  if (!python.empty()) write_file_atomically(options.python, python);
  conversion.python = options.python;
  return conversion;
}

void expect_fit(const Conversion& conversion) {
  if (conversion.report.fits()) return;
  throw InputError(conversion.in, "the weights of " + conversion.network, conversion.report.summary(),
                   "no file was written; " + conversion.advice);
}

Json to_json(const Conversion& conversion) {
  const WeightsReport& report = conversion.report;
  Json unexpected = Json::array();
  for (const auto& other : report.unexpected) {
    unexpected.push_back({{"name", other.name}, {"nearest", text_or_null(other.nearest)}});
  }
  Json assumed = Json::array();
  for (const AssumedChoice& choice : conversion.assumed) assumed.push_back(to_json(choice));
  return {{"input", conversion.in},
          {"output", text_or_null(conversion.out)},
          {"model", text_or_null(conversion.network)},
          {"tensors", conversion.tensors.size()},
          {"values", count_values(conversion.tensors)},
          {"prefix", conversion.prefix},
          {"names_in", text_or_null(conversion.names_in)},
          {"names_out", text_or_null(conversion.names_out)},
          {"python", text_or_null(conversion.python)},
          {"attention_tensors", conversion.attention_tensors},
          {"assumed", assumed},
          {"fits", report.fits()},
          {"missing", report.missing},
          {"unexpected", unexpected},
          {"shape_mismatch", to_json(report.shape_mismatch)},
          {"dtype_mismatch", to_json(report.dtype_mismatch)},
          {"not_finite", report.not_finite},
          {"advice", text_or_null(conversion.advice)},
          {"notes", conversion.notes}};
}

}  // namespace fovea
