#include <cstdio>
#include <memory>
#include <sstream>

#include <fovea/base/number_text.h>
#include <fovea/base/printable.h>
#include <fovea/run/conversion.h>
#include <fovea/run/model.h>

#include "model_options.h"
#include "program.h"

namespace fovea {
namespace {

struct ConvertArguments {
  std::string in;
  std::vector<std::string> renames;
  std::string classes;
  ConversionOptions options;
};

void print_names(const char* heading, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::printf("%s (%zu)\n", heading, names.size());
  for (const std::string& name : names) std::printf("  %s\n", printable(name).c_str());
}

void print_mismatches(const char* heading, const std::vector<WeightsReport::Mismatch>& mismatches) {
  std::vector<std::string> lines;
  for (const auto& mismatch : mismatches)
    lines.push_back(mismatch.name + "  expected " + mismatch.expected + ", got " + mismatch.got);
  print_names(heading, lines);
}

void print_tensors(const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) {
    std::ostringstream shape;
    shape << tensor.sizes();
    std::printf("  %-48s %-16s %s\n", printable(name).c_str(), shape.str().c_str(), c10::toString(tensor.scalar_type()));
  }
}

void print_fit(const WeightsReport& report) {
  print_names("missing", report.missing);
  std::vector<std::string> unexpected;
  for (const auto& other : report.unexpected) {
    unexpected.push_back(other.name + (other.nearest.empty() ? "" : "  near " + other.nearest));
  }
  print_names("unexpected", unexpected);
  print_mismatches("shape mismatch", report.shape_mismatch);
  print_mismatches("dtype mismatch", report.dtype_mismatch);
  print_names("with NaN or infinity", report.not_finite);
}

/// A table of what the file cannot tell: what was assumed, and the keys that change it.
void print_assumed(const std::vector<AssumedChoice>& assumed) {
  if (assumed.empty()) return;
  std::printf("%-8s what no tensor tells:\n", "assumed");
  for (const AssumedChoice& choice : assumed) {
    std::string line = choice.value;
    if (!choice.meaning.empty()) line += ": " + choice.meaning;
    if (!choice.key.empty()) {
      line += "  (" + choice.key;
      for (std::size_t i = 0; i < choice.others.size(); ++i) line += (i == 0 ? "; or " : ", ") + choice.others[i];
      line += ")";
    }
    std::printf("  %-18s %s\n", choice.about.c_str(), line.c_str());
  }
}

void print_written(const Conversion& conversion) {
  if (!conversion.out.empty()) {
    const bool is_state_dict = conversion.names_out == kStateDictNames;
    const std::string names = conversion.network.empty() ? "the file's names"
                              : is_state_dict            ? "the network's own names"
                                                         : conversion.names_out + "'s names";
    std::printf("%-8s %s: %zu tensors, %s%s\n", "wrote", printable(conversion.out).c_str(), conversion.tensors.size(),
                names.c_str(), conversion.is_model_file ? " and a description: usable as MODEL" : "");
  }
  if (!conversion.python.empty()) {
    std::printf("%-8s %s: %s in PyTorch; load() returns it with its weights\n", "wrote",
                printable(conversion.python).c_str(), conversion.network.c_str());
  }
}

void print_conversion(const Conversion& conversion) {
  const std::string prefix = conversion.prefix.empty() ? "" : ", prefix '" + printable(conversion.prefix) + "' removed";
  std::printf("%-8s %s: %lld tensors of %s values%s\n", "read", printable(conversion.in).c_str(),
              static_cast<long long>(conversion.tensors_in), grouped_digits(conversion.values_in).c_str(), prefix.c_str());
  if (!conversion.network.empty()) {
    const std::string whose = conversion.names_in == kOwnNames ? "the network's own" : conversion.names_in + "'s";
    std::printf("%-8s %s, for %s\n", "names", whose.c_str(), conversion.network.c_str());
  }
  print_fit(conversion.report);
  if (!conversion.report.fits()) return;
  if (conversion.out.empty() && conversion.python.empty()) print_tensors(conversion.tensors);
  print_assumed(conversion.assumed);
  print_written(conversion);
}

int convert(const ConvertArguments& arguments, const GlobalOptions& global) {
  ConversionOptions options = arguments.options;
  if (!options.model.empty()) options.settings = global.with_seed(options.settings);
  options.renames = parse_renames(arguments.renames);
  options.classes = read_class_names(arguments.classes);
  const Conversion conversion = convert_weights(arguments.in, options);
  for (const std::string& note : conversion.notes) print_warning(note);
  global.json ? print_json(to_json(conversion)) : print_conversion(conversion);
  expect_fit(conversion);
  if (const auto& attention = conversion.attention_tensors; !attention.empty() && !global.quiet) {
    print_note(attention.front() + " and " + std::to_string(attention.size() - 1) + " more tensors are of attention: " +
               conversion.names_out + "'s " + conversion.network + " has them only with the same attention");
  }
  const std::vector<std::string>& not_finite = conversion.report.not_finite;
  if (!not_finite.empty()) print_warning(not_finite.front() + " contains NaN or infinity; see the report");
  return kDone;
}

}  // namespace

Action add_convert_command(CLI::App& app) {
  auto arguments = std::make_shared<ConvertArguments>();
  ConversionOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand("convert", "convert weights to safetensors and between key mappings of libraries");
  command->add_option("in", arguments->in, "safetensors or PyTorch file (.pth, .pt, .bin), or run directory")
      ->required()
      ->type_name("IN");
  command->add_option("out", options.out, "safetensors file to write (default: list the tensors of IN)")->type_name("OUT");
  command
      ->add_option("--model", options.model,
                   "config or model name of the network: check keys and shapes, detect the key mapping")
      ->type_name("MODEL");
  add_key_option(*command, options.key, "IN");
  command
      ->add_option("--rename", arguments->renames,
                   "rename parts of keys: linear=fc, or patterns; without TO they are skipped: \"encoder_k.*=\"")
      ->type_name("FROM=TO")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--from", options.from, "key mapping of IN (default: detected)")->type_name("NAMES");
  command
      ->add_option("--to", options.to,
                   "key mapping to write: fovea (a model file), state_dict (the same names, for Python), timm, torchvision, "
                   "official, pytorch_resnet_cifar10")
      ->capture_default_str()
      ->type_name("NAMES");
  command
      ->add_option("--python", options.python,
                   "Python file to write: the network in PyTorch, which loads OUT (or IN, when that is a model file)")
      ->type_name("FILE.py");
  command->add_option("--classes", arguments->classes, "class names for the model file, one per line")->type_name("FILE");
  command
      ->add_option("--set", options.settings,
                   "override a key of --model, e.g. --set model.attention.bias=true; KEY=none removes one")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  return [arguments](const GlobalOptions& global) { return convert(*arguments, global); };
}

}  // namespace fovea
