#include <filesystem>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/options/names.h>
#include <fovea/run/conversion.h>
#include <fovea/run/internal/network_plan.h>
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
  if (name == kOwnNames || name.empty()) return std::nullopt;
  std::vector<std::string> known = {kOwnNames};
  for (KeyMapping& mapping : key_mappings_of(network)) {
    if (mapping.name == name) return std::move(mapping);
    known.push_back(mapping.name);
  }
  throw InputError(option, join_names(known) + " for " + model, "'" + name + "'");
}

/// @return the description of a model file; null when the tensors have other names than a model file's, or do not fit.
Json convert_for(const NetworkPlan& plan, const ConversionOptions& options, Conversion& conversion) {
  NamedNetwork named = build_for(plan, options.renames);
  conversion.network = plan.model_name();
  conversion.names_in = named.weights.mapping.empty() ? kOwnNames : named.weights.mapping;
  conversion.names_out = options.to;
  conversion.report = compare_weights(state_dict(*named.classifier), named.weights.tensors);
  chosen_mapping(*named.classifier, "conversion from", options.from, conversion.network);
  const auto mapping = chosen_mapping(*named.classifier, "conversion to", options.to, conversion.network);
  if (!conversion.report.fits()) {
    conversion.advice = weights_advice(*named.classifier, named.weights, plan.other_networks(named.num_classes));
  }
  conversion.tensors = std::move(named.weights.tensors);
  if (!conversion.report.fits()) return nullptr;
  if (mapping) {
    conversion.tensors = to_external_names(*mapping, conversion.tensors);
    return nullptr;
  }
  const ModelDescription description = plan.description(named.num_classes);
  return describe_model(plan.model_json(), description.input, description.classes, description.preprocess,
                        description.decode);
}

void expect_no_network_options(const ConversionOptions& options) {
  for (const auto& [option, given] : {std::pair("conversion to", options.to != kOwnNames),
                                      {"conversion from", !options.from.empty()},
                                      {"classes", !options.classes.empty()},
                                      {"settings", !options.settings.empty()}}) {
    if (given) throw InputError(option, "a model", "none", "name the network of these weights");
  }
}

/// The configuration of the network: from the options, or from the file's description.
std::optional<ConfigNode> network_config(const ConversionOptions& options, const DescribedWeights& weights) {
  if (!options.model.empty()) return read_model_config(options.model, options.settings);
  if (!weights.description) return std::nullopt;
  ConfigNode root;
  root.kind = ConfigNode::Kind::map;
  root.map.push_back({"model", weights.description->model});
  for (const std::string& setting : options.settings) apply_setting(root, setting);
  return root;
}

void write_converted(const ConversionOptions& options, const Conversion& conversion, const Json& description) {
  if (!description.is_null()) {
    write_model_file(options.out, conversion.tensors, description);
    return;
  }
  Metadata metadata{{"format", "pt"}};
  if (options.to != kOwnNames) metadata[kMappingKey] = options.to;  // names alone may be ambiguous
  write_safetensors(options.out, conversion.tensors, metadata);
}

void expect_new_safetensors(const std::string& path) {
  if (!path.ends_with(".safetensors")) {
    throw InputError(path, "a name that ends with .safetensors", "another ending",
                     "in Python, safetensors.torch.load_file() reads them");
  }
  std::error_code unreachable;
  if (std::filesystem::exists(path, unreachable))
    throw InputError(path, "a file that does not exist yet", "one", "choose another name");
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
  if (!options.out.empty()) expect_new_safetensors(options.out);
  DescribedWeights weights = read_weights(in, options.key);
  if (!options.from.empty()) weights.file.mapping = options.from;
  Conversion conversion;
  conversion.in = in;
  conversion.tensors_in = std::ssize(weights.file.tensors);
  conversion.values_in = count_values(weights.file.tensors);
  conversion.prefix = weights.file.prefix;
  conversion.notes = weights.file.notes;
  Json description;
  if (const auto root = network_config(options, weights)) {
    const NetworkPlan plan(*root, weights, options.classes, torch::kCPU);
    description = convert_for(plan, options, conversion);
  } else {
    expect_no_network_options(options);
    conversion.tensors = renamed_tensors(weights.file, options.renames);
  }
  conversion.report.not_finite = not_finite_names(conversion.tensors);
  if (!conversion.report.fits()) return conversion;
  conversion.is_model_file = !description.is_null();
  if (options.out.empty()) return conversion;
  write_converted(options, conversion, description);
  conversion.out = options.out;
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
  return {{"input", conversion.in},
          {"output", text_or_null(conversion.out)},
          {"model", text_or_null(conversion.network)},
          {"tensors", conversion.tensors.size()},
          {"values", count_values(conversion.tensors)},
          {"prefix", conversion.prefix},
          {"names_in", text_or_null(conversion.names_in)},
          {"names_out", text_or_null(conversion.names_out)},
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
