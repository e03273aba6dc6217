#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/printable.h>
#include <fovea/base/utf8.h>
#include <fovea/run/model.h>
#include <fovea/run/prediction_csv.h>
#include <fovea/run/report_text.h>
#include <fovea/run/run_pictures.h>
#include <fovea/train/run_directory.h>

#include "model_options.h"
#include "program.h"
#include "stop_signal.h"

namespace fovea {
namespace {

struct EvalArguments {
  ModelArguments model;
  std::string split = "test";
  std::string confusion;
  std::string predictions;
};

bool is_same_file(const std::string& one, const std::string& other) {
  const auto real = [](const std::string& file) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(file));
  };
  return real(one) == real(other);
}

/// A file of the command, with what is in it.
using WrittenFile = std::pair<const char*, std::string>;

/// Writes the confusion matrix to the file of --confusion, and with pictures to the run directory when its own data was
/// scored. @return the files.
std::vector<WrittenFile> write_confusion(const EvalArguments& arguments, const Model& model,
                                         const EvaluationReport& report) {
  std::vector<WrittenFile> written;
  if (!arguments.confusion.empty()) {
    write_file_atomically(arguments.confusion, confusion_csv(report.metrics, report.classes));
    written.emplace_back("confusion table", arguments.confusion);
  }
  if (model.source().directory.empty() || !arguments.model.settings.empty()) return written;
  const RunDirectory run(model.source().directory);
  try {
    write_score_pictures(run, report.split, report.metrics, report.classes);
  } catch (const Error& error) {  // the scores are valid without the files
    print_warning(error.what());
    return written;
  }
  const std::string split = to_string(report.split);
  if (written.empty() || !is_same_file(arguments.confusion, run.confusion(split))) {
    written.emplace_back("confusion table", run.confusion(split));
  }
  written.emplace_back("confusion matrix", run.confusion_picture(split));
  written.emplace_back("calibration", run.calibration_picture(split));
  return written;
}

void print_written(const std::vector<WrittenFile>& written) {
  if (!written.empty()) std::printf("\n");
  for (const auto& [what, file] : written) std::printf("%-16s  %s\n", what, printable(file).c_str());
}

/// Scores the split; a signal stops it between two batches, so that no temporary file is left.
EvaluationReport score(const EvalArguments& arguments, const Model& model, Split split, const GlobalOptions& global) {
  const StopSignal stop;
  const EvaluateOptions options{.threads = global.threads,
                                .warn = print_warning,
                                .note =
                                    [&](const std::string& line) {
                                      if (!global.quiet) std::fprintf(stderr, "%s\n", printable(line).c_str());
                                    },
                                .stop_requested = [&] { return stop.requested(); }};
  if (arguments.predictions.empty()) return model.evaluate(split, options);
  return evaluate_into(arguments.predictions, model, split, options);
}

/// @throws InputError for a table in a folder that does not exist, or in place of a file that is no table.
void expect_table(const char* option, const std::string& file) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(file).parent_path();
  std::error_code unreachable;
  if (!folder.empty() && !fs::is_directory(folder, unreachable)) {
    throw InputError(option, "a file in a folder that exists", file, "create the folder first");
  }
  if (lower_case(fs::path(file).extension().string()) == ".csv" || !fs::is_regular_file(file, unreachable)) return;
  throw InputError(option, "a new file, or one that ends in .csv", file + ", which exists", "choose another name");
}

/// @throws InputError for files that could not be written after a long evaluation, or would replace others.
void expect_possible_files(const EvalArguments& arguments, const Model& model, Split split) {
  std::string matrix = arguments.confusion;
  const bool has_default = !model.source().directory.empty() && arguments.model.settings.empty();
  if (matrix.empty() && has_default) matrix = RunDirectory(model.source().directory).confusion(to_string(split));
  for (const auto& [option, file] :
       {std::pair("--confusion", arguments.confusion), {"--predictions", arguments.predictions}}) {
    if (!file.empty()) expect_table(option, file);
  }
  if (arguments.predictions.empty() || matrix.empty() || !is_same_file(arguments.predictions, matrix)) return;
  throw InputError("--predictions", "another file than that of the confusion matrix", arguments.predictions,
                   "name two files");
}

int eval(const EvalArguments& arguments, const GlobalOptions& global) {
  const Split split = parse_split(arguments.split);
  const Model model = open_model(arguments.model, global);
  expect_possible_files(arguments, model, split);
  const EvaluationReport report = score(arguments, model, split, global);
  global.json ? print_json(to_json(report)) : void(std::cout << report_text(report));
  std::vector<WrittenFile> written = write_confusion(arguments, model, report);
  if (!arguments.predictions.empty()) written.emplace_back("predictions", arguments.predictions);
  if (!global.json) print_written(written);
  return kDone;
}

}  // namespace

Action add_eval_command(CLI::App& app) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command = app.add_subcommand("eval", "score a model on a split of its data set");
  add_model_options(*command, arguments->model);
  command->add_option("--split", arguments->split, "train, validation (or val), test, or all: every image of the data set")
      ->capture_default_str();
  command->add_option("--confusion", arguments->confusion, "confusion matrix as CSV (default: in the run directory)")
      ->type_name("FILE");
  command
      ->add_option("--predictions", arguments->predictions,
                   "a row for each image, as CSV: image, true, predicted, correct, and a probability for each class (of "
                   "more than 100 "
                   "classes the five most probable)")
      ->type_name("FILE");
  command->footer(
      "The table of --predictions has a line for each image that can be read, in the data set's order:\n"
      "  image                       path below the data set's root, or number in the split, from 0\n"
      "  true, predicted             names of the classes\n"
      "  correct                     1 or 0\n"
      "  probability_CLASS           for each class; of more than 100 classes the five most probable,\n"
      "                              as class_1, probability_1 to class_5, probability_5");
  return [arguments](const GlobalOptions& global) {
    keep_freed_memory();
    return eval(*arguments, global);
  };
}

}  // namespace fovea
