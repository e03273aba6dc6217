#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/eval/evaluator.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/train/run_directory.h>

#include "experiment.h"
#include "program.h"

namespace fovea {
namespace {

struct EvalArguments {
  std::string model;
  std::string split = "test";
  std::string weights;
  std::string confusion;
  std::vector<std::string> settings;
};

Split parse_split(const std::string& name) {
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    if (to_string(split) == name) return split;
  }
  throw InputError("--split", "train, val or test", "'" + name + "'");
}

/// The data of the configuration, seen through the model's own preprocessing.
std::unique_ptr<Experiment> open_data(const OpenedModel& opened, torch::Device device) {
  Value root = opened.config;
  if (root.find("model") == nullptr) root.map.push_back({"model", opened.description.model});
  if (root.kind == Value::Kind::null) root.kind = Value::Kind::map;
  auto config = read_experiment_config(root);
  config->preprocess = opened.description.preprocess;
  return std::make_unique<Experiment>(std::move(config), device);
}

void expect_same_classes(const OpenedModel& opened, const Experiment& experiment) {
  if (opened.description.classes != experiment.classes()) {
    throw InputError("data",
                     "the model's " + std::to_string(opened.description.classes.size()) + " classes (" +
                         opened.description.classes.front() + ", ...)",
                     std::to_string(experiment.classes().size()) + " classes (" + experiment.classes().front() + ", ...)",
                     "choose the data set that the model was trained on");
  }
}

Json per_class(const ClassificationMetrics& metrics, const std::vector<std::string>& classes) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto& row = metrics.confusion()[i];
    std::int64_t images = 0;
    for (const std::int64_t count : row) images += count;
    const Json top1 = images == 0 ? Json(nullptr) : Json(static_cast<double>(row[i]) / static_cast<double>(images));
    rows.push_back({{"class", i}, {"name", classes[i]}, {"images", images}, {"top1", top1}});
  }
  return rows;
}

void print_scores(const Json& scores) {
  const auto number = [&](const char* key) { return scores[key].get<double>(); };
  std::printf("%-14s %s (%lld images)\n", "split", scores["split"].get<std::string>().c_str(),
              scores["images"].get<long long>());
  std::printf("%-14s %.4f\n%-14s %.4f\n%-14s %.4f\n%-14s %.4f\n", "top-1", number("top1"), "top-5", number("top5"), "loss",
              number("loss"), "ece", number("ece"));
  std::printf("%-14s %.0f images/s, one image in %.2f ms\n", "speed", number("images_per_second"), number("latency_ms"));
  std::printf("%-14s %lld parameters, %lld multiply-adds per image\n\n", "size", scores["parameters"].get<long long>(),
              scores["macs"].get<long long>());
  std::printf("%-24s %8s %8s\n", "class", "images", "top-1");
  for (const Json& row : scores["per_class"]) {
    const std::string top1 = row["top1"].is_null() ? "-" : std::to_string(row["top1"].get<double>()).substr(0, 6);
    std::printf("%-24s %8lld %8s\n", row["name"].get<std::string>().c_str(), row["images"].get<long long>(), top1.c_str());
  }
}

int eval(const EvalArguments& arguments, const GlobalOptions& global) {
  const Split split = parse_split(arguments.split);
  const torch::Device device = parse_device(global.device);
  const OpenedModel opened = open_model(arguments.model, arguments.weights, global.with_seed(arguments.settings), device);
  if (opened.config.find("data") == nullptr) {
    throw InputError(arguments.model, "a data set to score on", "none", "add --set data.name=NAME; see fovea list datasets");
  }
  const auto experiment = open_data(opened, device);
  expect_same_classes(opened, *experiment);
  const Loader loader = experiment->loader(split);
  if (loader.images() == 0) {
    throw InputError("--split " + arguments.split, "a split with images", "an empty one", "see data.validation");
  }

  const auto& classes = opened.description.classes;
  const auto start = std::chrono::steady_clock::now();
  const ClassificationMetrics metrics = evaluate(*opened.classifier, loader, std::ssize(classes), {global.threads, device});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  const Json scores = {
      {"split", arguments.split},
      {"images", metrics.images()},
      {"top1", metrics.top1()},
      {"top5", metrics.top5()},
      {"loss", metrics.loss()},
      {"ece", metrics.expected_calibration_error()},
      {"images_per_second", static_cast<double>(metrics.images()) / seconds.count()},
      {"latency_ms", 1e3 * single_image_seconds(*opened.classifier, opened.description.input, device)},
      {"parameters", count_parameters(*opened.classifier)},
      {"macs", count_multiply_adds(*opened.classifier, opened.description.input)},
      {"per_class", per_class(metrics, classes)},
      {"confusion", metrics.confusion()},
  };
  const std::string in_run = opened.directory.empty() ? "" : RunDirectory(opened.directory).confusion(arguments.split);
  const std::string csv = arguments.confusion.empty() ? in_run : arguments.confusion;
  if (!csv.empty()) write_file_atomically(csv, confusion_csv(metrics, classes));
  global.json ? print_json(scores) : print_scores(scores);
  if (!global.json && !csv.empty()) std::printf("\nconfusion matrix: %s\n", csv.c_str());
  return kDone;
}

}  // namespace

Action add_eval_command(CLI::App& app) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command = app.add_subcommand("eval", "score a model on a split of its data set");
  command->add_option("model", arguments->model, "run directory, model file, or config or model name with --weights")
      ->required()
      ->type_name("MODEL");
  command->add_option("--split", arguments->split, "train, val or test")->capture_default_str();
  command->add_option("--weights", arguments->weights, "safetensors file, when MODEL is a config or a name")
      ->type_name("FILE");
  command->add_option("--confusion", arguments->confusion, "confusion matrix as CSV (default: in the run directory)")
      ->type_name("FILE");
  command->add_option("--set", arguments->settings, "override a key of the configuration, e.g. --set data.root=DIR")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  return [arguments](const GlobalOptions& global) { return eval(*arguments, global); };
}

}  // namespace fovea
