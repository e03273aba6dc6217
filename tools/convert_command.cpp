#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/config/fields.h>
#include <fovea/run/network_plan.h>
#include <fovea/run/open_model.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/state_dict.h>

#include "program.h"

namespace fovea {
namespace {

constexpr const char* kOwnNames = "fovea";

struct ConvertArguments {
  std::string in;
  std::string out;    ///< empty: nothing is written
  std::string model;  ///< a configuration or a registry name; empty = what the file says, or none
  std::vector<std::string> settings;
  std::vector<std::string> renames;
  std::string classes;
  std::string from;  ///< whose names `in` has; empty = found out
  std::string to = kOwnNames;
};

/// What goes into the file, and what is said about it.
struct Conversion {
  NamedTensors tensors;
  Json description;      ///< of fovea's own model files; null for others
  std::string network;   ///< its name; empty without one
  std::string names_in;  ///< whose names the file had
  WeightsReport report;  ///< empty without a network
};

Json to_json(const std::vector<WeightsReport::Misfit>& misfits) {
  Json list = Json::array();
  for (const auto& misfit : misfits) {
    list.push_back({{"name", misfit.name}, {"expected", misfit.expected}, {"got", misfit.got}});
  }
  return list;
}

std::int64_t values_in(const NamedTensors& tensors) {
  std::int64_t values = 0;
  for (const auto& [name, tensor] : tensors) values += tensor.numel();
  return values;
}

Json describe(const ConvertArguments& arguments, const ExternalCheckpoint& weights, const Conversion& conversion) {
  const WeightsReport& report = conversion.report;
  const auto or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  Json unexpected = Json::array();
  for (const auto& other : report.unexpected) {
    unexpected.push_back({{"name", other.name}, {"nearest", other.nearest.empty() ? Json(nullptr) : Json(other.nearest)}});
  }
  return {{"input", arguments.in},
          {"output", report.fits() ? or_null(arguments.out) : Json(nullptr)},
          {"model", or_null(conversion.network)},
          {"tensors", conversion.tensors.size()},
          {"values", values_in(conversion.tensors)},
          {"prefix", weights.file.prefix},
          {"names_in", or_null(conversion.names_in)},
          {"names_out", conversion.network.empty() ? Json(nullptr) : Json(arguments.to)},
          {"fits", report.fits()},
          {"missing", report.missing},
          {"unexpected", unexpected},
          {"of_another_shape", to_json(report.reshaped)},
          {"of_another_type", to_json(report.retyped)},
          {"not_finite", report.not_finite}};
}

void print_names(const char* heading, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::printf("%s (%zu)\n", heading, names.size());
  for (const std::string& name : names) std::printf("  %s\n", name.c_str());
}

void print_misfits(const char* heading, const std::vector<WeightsReport::Misfit>& misfits) {
  std::vector<std::string> lines;
  for (const auto& misfit : misfits) lines.push_back(misfit.name + "  expected " + misfit.expected + ", got " + misfit.got);
  print_names(heading, lines);
}

void print_tensors(const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) {
    std::ostringstream shape;
    shape << tensor.sizes();
    std::printf("  %-48s %-16s %s\n", name.c_str(), shape.str().c_str(), c10::toString(tensor.scalar_type()));
  }
}

void print_report(const ConvertArguments& arguments, const ExternalCheckpoint& weights, const Conversion& conversion) {
  const WeightsReport& report = conversion.report;
  const std::string prefix = weights.file.prefix.empty() ? "" : ", '" + weights.file.prefix + "' taken off their names";
  std::printf("%-8s %s: %zu tensors of %s values%s\n", "read", arguments.in.c_str(), weights.file.tensors.size(),
              grouped(values_in(weights.file.tensors)).c_str(), prefix.c_str());
  if (!conversion.network.empty()) {
    const std::string whose = conversion.names_in == kOwnNames ? "the network's own" : conversion.names_in + "'s";
    std::printf("%-8s %s, for %s\n", "names", whose.c_str(), conversion.network.c_str());
  }
  print_names("missing", report.missing);
  std::vector<std::string> unexpected;
  for (const auto& other : report.unexpected) {
    unexpected.push_back(other.name + (other.nearest.empty() ? "" : "  near " + other.nearest));
  }
  print_names("unexpected", unexpected);
  print_misfits("of another shape", report.reshaped);
  print_misfits("of another type", report.retyped);
  print_names("with NaN or infinity", report.not_finite);
  if (!report.fits()) return;
  if (arguments.out.empty()) {
    print_tensors(conversion.tensors);
    return;
  }
  const std::string names = conversion.network.empty() ? "the file's names" : arguments.to + "'s names";
  std::printf("%-8s %s: %zu tensors, %s%s\n", "wrote", arguments.out.c_str(), conversion.tensors.size(), names.c_str(),
              conversion.description.is_null() ? "" : " and a description: usable as MODEL");
}

/// The mapping that --from or --to names; nothing for the network's own names.
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

Conversion convert_for(const NetworkPlan& plan, const ConvertArguments& arguments) {
  const NamedNetwork named = build_for(plan, parse_renames(arguments.renames));
  Conversion conversion;
  conversion.network = plan.model_name();
  conversion.names_in = named.weights.mapping.empty() ? kOwnNames : named.weights.mapping;
  conversion.report = compare_weights(state_dict(*named.classifier), named.weights.tensors);
  chosen_mapping(*named.classifier, "--from", arguments.from, conversion.network);
  const auto mapping = chosen_mapping(*named.classifier, "--to", arguments.to, conversion.network);
  conversion.tensors = named.weights.tensors;
  if (!conversion.report.fits()) return conversion;
  if (mapping) {
    conversion.tensors = to_external_names(*mapping, conversion.tensors);
  } else {
    const ModelDescription description = plan.description(named.num_classes);
    conversion.description =
        describe_model(plan.model_json(), description.input, description.classes, description.preprocess);
  }
  return conversion;
}

Conversion convert_names(const ExternalCheckpoint& weights, const ConvertArguments& arguments) {
  for (const auto& [option, given] : {std::pair("--to", arguments.to != kOwnNames),
                                      {"--from", !arguments.from.empty()},
                                      {"--classes", !arguments.classes.empty()},
                                      {"--set", !arguments.settings.empty()}}) {
    if (given) throw InputError(option, "--model NAME beside it", "none", "name the network whose weights these are");
  }
  Conversion conversion;
  conversion.tensors = renamed(weights.file, parse_renames(arguments.renames));
  return conversion;
}

/// The configuration of the network the weights are for: as somebody said, or as their file says.
std::optional<ConfigNode> network_config(const ConvertArguments& arguments, const ExternalCheckpoint& weights,
                                         const GlobalOptions& global) {
  if (!arguments.model.empty()) return read_model_config(arguments.model, global.with_seed(arguments.settings));
  if (!weights.description) return std::nullopt;
  ConfigNode root;
  root.kind = ConfigNode::Kind::map;
  root.map.push_back({"model", weights.description->model});
  for (const std::string& setting : arguments.settings) apply_setting(root, setting);
  return root;
}

void write(const ConvertArguments& arguments, const Conversion& conversion) {
  if (!conversion.description.is_null()) {
    write_model_file(arguments.out, conversion.tensors, conversion.description);
    return;
  }
  Metadata metadata{{"format", "pt"}};
  if (arguments.to != kOwnNames) metadata[kMappingKey] = arguments.to;  // names alone may not tell
  write_safetensors(arguments.out, conversion.tensors, metadata);
}

void expect_new_safetensors(const std::string& path) {
  if (!path.ends_with(".safetensors")) {
    throw InputError(path, "a name that ends with .safetensors", "another",
                     "in Python, safetensors.torch.load_file() reads them");
  }
  if (std::filesystem::exists(path)) throw InputError(path, "a file that does not exist yet", "one", "choose another name");
}

int convert(const ConvertArguments& arguments, const GlobalOptions& global) {
  if (!arguments.out.empty()) expect_new_safetensors(arguments.out);
  ExternalCheckpoint weights = read_weights(arguments.in);
  if (!arguments.from.empty()) weights.file.mapping = arguments.from;
  const auto root = network_config(arguments, weights, global);
  Conversion conversion;
  if (root) {
    const NetworkPlan plan(*root, weights, read_class_names(arguments.classes), torch::kCPU);
    conversion = convert_for(plan, arguments);
  } else {
    conversion = convert_names(weights, arguments);
  }
  conversion.report.not_finite = not_finite(conversion.tensors);
  const WeightsReport& report = conversion.report;
  if (report.fits() && !arguments.out.empty()) write(arguments, conversion);
  global.json ? print_json(describe(arguments, weights, conversion)) : print_report(arguments, weights, conversion);
  if (!report.fits()) {
    throw InputError(arguments.in, "the weights of " + conversion.network, report.summary(),
                     "nothing was written; change names with --rename, or name another --model");
  }
  if (!report.not_finite.empty()) print_warning(report.not_finite.front() + " holds NaN or infinity; see the report");
  return kDone;
}

}  // namespace

Action add_convert_command(CLI::App& app) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App* command = app.add_subcommand("convert", "bring weights to safetensors and to other libraries' names");
  command->add_option("in", arguments->in, "safetensors or PyTorch file (.pth, .pt, .bin), or run directory")
      ->required()
      ->type_name("IN");
  command->add_option("out", arguments->out, "safetensors file to write; without one, what IN holds is listed")
      ->type_name("OUT");
  command
      ->add_option("--model", arguments->model,
                   "config or name of the network they are for: names and shapes are checked, other libraries' names found")
      ->type_name("MODEL");
  command->add_option("--rename", arguments->renames, "change parts of names, e.g. --rename linear=fc; TO may be empty")
      ->type_name("FROM=TO")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--from", arguments->from, "whose names IN has (default: found out)")->type_name("SCHEME");
  command->add_option("--to", arguments->to, "whose names to write: fovea (a model file), timm, torchvision, official")
      ->capture_default_str()
      ->type_name("SCHEME");
  command->add_option("--classes", arguments->classes, "names of the classes, one in each line, for the model file")
      ->type_name("FILE");
  command->add_option("--set", arguments->settings, "override a key of --model, e.g. --set model.attention.bias=true")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  return [arguments](const GlobalOptions& global) { return convert(*arguments, global); };
}

}  // namespace fovea
