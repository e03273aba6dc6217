#include "model_options.h"

#include <fovea/options/names.h>
#include <fovea/run/assumptions.h>

namespace fovea {

void add_key_option(CLI::App& command, std::string& key, const std::string& file) {
  command.add_option("--key", key, "key of a nested dict in " + file + " (PyTorch), e.g. teacher or model.ema")
      ->type_name("KEY");
}

void add_model_options(CLI::App& command, ModelArguments& arguments) {
  command.add_option("model", arguments.model, "run directory, model file, or config or model name with --weights")
      ->required()
      ->type_name("MODEL");
  command
      .add_option("--weights", arguments.weights,
                  "safetensors or PyTorch file (.pth), or run directory, when MODEL is a config or a name")
      ->type_name("FILE");
  add_key_option(command, arguments.key, "--weights");
  command
      .add_option("--rename", arguments.renames,
                  "rename parts of keys in --weights: linear=fc, or patterns; without TO they are skipped: \"aux.*=\"")
      ->type_name("FROM=TO")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--classes", arguments.classes, "class names of --weights, one per line")->type_name("FILE");
  command
      .add_option("--set", arguments.settings,
                  "override a key of the configuration, e.g. --set data.root=DIR; KEY=none removes one")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
}

Split parse_split(const std::string& name) {
  if (name == "val") return Split::validation;
  for (const Split split : {Split::train, Split::validation, Split::test, Split::all}) {
    if (to_string(split) == name) return split;
  }
  const std::string nearest = nearest_name(name, {"train", "validation", "test", "all"});
  throw InputError("--split", "train, validation (or val), test or all", "'" + name + "'",
                   nearest.empty() ? "" : "did you mean '" + nearest + "'?");
}

Model open_model(const ModelArguments& arguments, const GlobalOptions& global) {
  Model model = load_model(arguments.model, {.weights = arguments.weights,
                                             .settings = global.with_seed(arguments.settings),
                                             .renames = parse_renames(arguments.renames),
                                             .key = arguments.key,
                                             .classes = read_class_names(arguments.classes),
                                             .device = global.device,
                                             .warn = print_warning,
                                             .note = global.quiet ? Warn() : print_note});
  const std::string note = assumption_note(arguments.weights, model.name(), model.source().assumed);
  if (!note.empty() && !global.quiet) print_note(note);
  return model;
}

Model open_photo_model(const ModelArguments& arguments, const GlobalOptions& global) {
  Model model = open_model(arguments, global);
  const std::vector<std::string>& settings = model.source().settings;
  if (!model.is_trained() || settings.empty()) return model;
  throw InputError("setting " + settings.front(), "no setting for a trained model", "one",
                   "its network and preprocessing are fixed");
}

}  // namespace fovea
