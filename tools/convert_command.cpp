#include <iostream>
#include <memory>

#include <fovea/run/conversion.h>
#include <fovea/run/conversion_text.h>
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

int convert(const ConvertArguments& arguments, const GlobalOptions& global) {
  ConversionOptions options = arguments.options;
  if (!options.model.empty()) options.settings = global.with_seed(options.settings);
  options.renames = parse_renames(arguments.renames);
  options.classes = read_class_names(arguments.classes);
  const Conversion conversion = convert_weights(arguments.in, options);
  for (const std::string& note : conversion.notes) print_warning(note);
  global.json ? print_json(to_json(conversion)) : void(std::cout << conversion_text(conversion));
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
