#include <cstdio>
#include <memory>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/run/model.h>
#include <fovea/run/run_pictures.h>
#include <fovea/train/run_directory.h>

#include "model_options.h"
#include "program.h"
#include "score_text.h"

namespace fovea {
namespace {

struct EvalArguments {
  ModelArguments model;
  std::string split = "test";
  std::string confusion;
};

Split parse_split(const std::string& name) {
  if (name == "validation") return Split::validation;
  for (const Split split : {Split::train, Split::validation, Split::test, Split::all}) {
    if (to_string(split) == name) return split;
  }
  throw InputError("--split", "train, val, test or all", "'" + name + "'");
}

/// Writes the confusion matrix to the file of --confusion, and with pictures to the run directory when its own data was
/// scored.
void write_confusion(const EvalArguments& arguments, const Model& model, const EvaluationReport& report,
                     const GlobalOptions& global) {
  if (!arguments.confusion.empty()) {
    write_file_atomically(arguments.confusion, confusion_csv(report.metrics, report.classes));
  }
  if (model.source().directory.empty() || !arguments.model.settings.empty()) return;
  const RunDirectory run(model.source().directory);
  try {
    write_score_pictures(run, report.split, report.metrics, report.classes);
  } catch (const Error& error) {  // the scores are valid without the files
    print_warning(error.what());
    return;
  }
  const std::string split = to_string(report.split);
  if (!global.json) {
    std::printf("\nconfusion matrix  %s\ncalibration       %s\n", run.confusion_picture(split).c_str(),
                run.calibration_picture(split).c_str());
  }
}

int eval(const EvalArguments& arguments, const GlobalOptions& global) {
  const Split split = parse_split(arguments.split);
  const Model model = open_model(arguments.model, global);
  const EvaluationReport report =
      model.evaluate(split, {.threads = global.threads, .warn = print_warning, .note = [&](const std::string& line) {
                               if (!global.quiet) std::fprintf(stderr, "%s\n", line.c_str());
                             }});
  global.json ? print_json(to_json(report)) : print_scores(report);
  write_confusion(arguments, model, report, global);
  return kDone;
}

}  // namespace

Action add_eval_command(CLI::App& app) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command = app.add_subcommand("eval", "score a model on a split of its data set");
  add_model_options(*command, arguments->model);
  command->add_option("--split", arguments->split, "train, val, test, or all: every image of the data set")
      ->capture_default_str();
  command->add_option("--confusion", arguments->confusion, "confusion matrix as CSV (default: in the run directory)")
      ->type_name("FILE");
  return [arguments](const GlobalOptions& global) {
    keep_freed_memory();
    return eval(*arguments, global);
  };
}

}  // namespace fovea
