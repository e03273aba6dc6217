#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/config/config_node.h>
#include <fovea/eval/evaluator.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/run/experiment_data.h>
#include <fovea/run/glimpse_scores.h>
#include <fovea/run/run_pictures.h>
#include <fovea/train/run_directory.h>

#include "model_options.h"
#include "program.h"

namespace fovea {
namespace {

struct EvalArguments {
  ModelArguments model;
  std::string split = "test";
  std::string confusion;
};

Split parse_split(const std::string& name) {
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    if (to_string(split) == name) return split;
  }
  throw InputError("--split", "train, val or test", "'" + name + "'");
}

/// The configuration of the run that a model file lies in; nothing when the file beside it belongs to another network.
ConfigNode config_beside(const OpenedModel& opened) {
  if (opened.config_file.empty()) return {};
  ConfigNode root = read_yaml_file(opened.config_file);
  if (!opened.directory.empty()) return root;
  ModelField described;
  described.read(opened.description.model, "model");
  return read_experiment_config(root)->model.write() == described.write() ? root : ConfigNode{};
}

/// What was settled when the model was trained cannot be set any more.
void expect_data_settings(const EvalArguments& arguments, const GlobalOptions& global) {
  if (global.seed) {
    throw InputError("--seed", "none for a trained model", "one", "its split belongs to the seed it was trained with");
  }
  const auto sets = [](const std::string& setting, const char* key) { return setting.starts_with(std::string(key) + "="); };
  const bool other_data =
      std::any_of(arguments.model.settings.begin(), arguments.model.settings.end(),
                  [&](const std::string& setting) { return sets(setting, "data.root") || sets(setting, "data.name"); });
  for (const std::string& setting : arguments.model.settings) {
    const bool splits_training = sets(setting, "data.validation") || sets(setting, "data.limit");
    const bool splits_data = sets(setting, "data.test") || sets(setting, "data.split_seed");
    const bool mixes_splits = (splits_training && arguments.split != "test") || (splits_data && !other_data);
    if (setting.starts_with("data.") && !mixes_splits) continue;
    throw InputError("--set " + setting, "a data.* key that leaves the training split alone", "another",
                     "a trained model keeps its network, preprocessing and split");
  }
}

/// Where the data to score on is, to be seen through the model's own preprocessing.
std::unique_ptr<ExperimentConfig> data_config(const EvalArguments& arguments, const OpenedModel& opened,
                                              const GlobalOptions& global) {
  ConfigNode root = opened.config;
  if (root.kind == ConfigNode::Kind::null) {  // a trained model: the configuration only tells where the data is
    expect_data_settings(arguments, global);
    try {
      root = config_beside(opened);
    } catch (const InputError&) {  // some other file of that name, unless this is a run's own
      if (!opened.directory.empty()) throw;
    }
    for (const std::string& setting : arguments.model.settings) apply_setting(root, setting);
  }
  if (root.find("data") == nullptr) {
    throw InputError(arguments.model.model, "a data set to score on", "none",
                     "add --set data.name=NAME; see fovea list datasets");
  }
  if (root.find("model") == nullptr) root.map.push_back({"model", opened.description.model});
  auto config = read_experiment_config(root);
  config->preprocess = opened.description.preprocess;
  return config;
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
  std::printf("%-14s %lld parameters, %lld multiply-adds per image\n", "size", scores["parameters"].get<long long>(),
              scores["macs"].get<long long>());
  print_glimpse_scores(scores);
  std::printf("\n%-24s %8s %8s\n", "class", "images", "top-1");
  for (const Json& row : scores["per_class"]) {
    const std::string top1 = row["top1"].is_null() ? "-" : std::to_string(row["top1"].get<double>()).substr(0, 6);
    std::printf("%-24s %8lld %8s\n", row["name"].get<std::string>().c_str(), row["images"].get<long long>(), top1.c_str());
  }
}

/// Into the file that was asked for; into the run directory, with pictures, when the run's own data was scored.
void write_confusion(const EvalArguments& arguments, const OpenedModel& opened, const ClassificationMetrics& metrics,
                     const GlobalOptions& global) {
  const auto& classes = opened.description.classes;
  if (!arguments.confusion.empty()) write_file_atomically(arguments.confusion, confusion_csv(metrics, classes));
  if (opened.directory.empty() || !arguments.model.settings.empty()) return;
  const RunDirectory run(opened.directory);
  try {
    write_score_pictures(run, arguments.split, metrics, classes);
  } catch (const Error& error) {  // nobody asked for the files
    print_warning(error.what());
    return;
  }
  if (!global.json) {
    std::printf("\nconfusion matrix  %s\ncalibration       %s\n", run.confusion_picture(arguments.split).c_str(),
                run.calibration_picture(arguments.split).c_str());
  }
}

int eval(const EvalArguments& arguments, const GlobalOptions& global) {
  const Split split = parse_split(arguments.split);
  const torch::Device device = parse_device(global.device);
  const OpenedModel opened = open_model(with_seed(arguments.model, global), device);
  const auto config = data_config(arguments, opened, global);
  ExperimentData data(*config, opened.description.classes, print_warning);
  const Loader loader = data.loader(split);
  if (loader.images() == 0) {
    throw InputError("--split " + arguments.split, "a split with images", "an empty one", "see data.validation");
  }

  const auto& classes = opened.description.classes;
  const InputSpec& input = opened.description.input;
  const EvaluationOptions options{global.threads, device};
  const auto start = std::chrono::steady_clock::now();
  const ClassificationMetrics metrics = evaluate(*opened.classifier, loader, std::ssize(classes), options);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (metrics.images() == 0) throw InputError("--split " + arguments.split, "readable images", "none", "see the warnings");

  Json scores = {
      {"split", arguments.split},
      {"images", metrics.images()},
      {"top1", metrics.top1()},
      {"top5", metrics.top5()},
      {"loss", metrics.loss()},
      {"ece", metrics.expected_calibration_error()},
      {"images_per_second", static_cast<double>(metrics.images()) / seconds.count()},
      {"latency_ms", 1e3 * single_image_seconds(*opened.classifier, input, device)},
      {"parameters", count_parameters(*opened.classifier)},
      {"macs", count_multiply_adds(*opened.classifier, input)},
      {"per_class", per_class(metrics, classes)},
      {"confusion", metrics.confusion()},
  };
  scores.update(glimpse_scores(*opened.classifier, loader, options, print_warning));
  global.json ? print_json(scores) : print_scores(scores);
  write_confusion(arguments, opened, metrics, global);
  return kDone;
}

}  // namespace

Action add_eval_command(CLI::App& app) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command = app.add_subcommand("eval", "score a model on a split of its data set");
  add_model_options(*command, arguments->model);
  command->add_option("--split", arguments->split, "train, val or test")->capture_default_str();
  command->add_option("--confusion", arguments->confusion, "confusion matrix as CSV (default: in the run directory)")
      ->type_name("FILE");
  return [arguments](const GlobalOptions& global) { return eval(*arguments, global); };
}

}  // namespace fovea
