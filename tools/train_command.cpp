#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <utility>

#include <fovea/base/directory_lock.h>
#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/config/fields.h>
#include <fovea/eval/evaluator.h>
#include <fovea/image/encode.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/run/dry_run.h>
#include <fovea/run/experiment.h>
#include <fovea/run/glimpse_scores.h>
#include <fovea/run/network_plan.h>
#include <fovea/run/open_model.h>
#include <fovea/run/preview.h>
#include <fovea/run/run_pictures.h>
#include <fovea/train/trainer.h>
#include <fovea/weights/initial_weights.h>

#include "program.h"
#include "progress.h"
#include "stop_signal.h"

namespace fovea {
namespace {

struct TrainArguments {
  std::string config;
  std::vector<std::string> settings;
  std::string out;
  bool resume = false;
  bool print_config = false;
  bool dry_run = false;
  std::string preview;
};

Json best_of(const TrainingResult& result) {
  if (!result.best) return {{"epoch", result.epochs}, {"val_top1", nullptr}};  // no validation split: the last weights
  return {{"epoch", result.best->epoch}, {"val_top1", result.best->val_top1}};
}

Json summarise(const RunDirectory& run, const TrainingResult& result, Classifier& network, const InputSpec& input,
               const Json& test, int threads) {
  return {{"run", run.path()},
          {"epochs", result.epochs},
          {"seconds", result.seconds},
          {"images_per_second", result.images_per_second},
          {"parameters", count_parameters(network)},
          {"macs", count_multiply_adds(network, input)},
          {"best", best_of(result)},
          {"test", test},
          {"environment", environment(threads)}};
}

void print_summary(const Json& summary) {
  std::cout << "test top-1    " << summary["test"]["top1"].get<double>() << "\n"
            << "test loss     " << summary["test"]["loss"].get<double>() << "\n"
            << "best epoch    " << summary["best"]["epoch"] << " of " << summary["epochs"] << "\n"
            << "parameters    " << summary["parameters"] << "\n"
            << "multiply-adds " << summary["macs"] << " per image\n"
            << "run           " << summary["run"].get<std::string>() << "\n";
  print_glimpse_scores(summary["test"]);
}

/// An existing run is touched only with --resume.
void expect_free(const RunDirectory& run, bool resume) {
  if (resume || !run.in_use()) return;
  throw InputError(run.path(), "a folder without a run", "one that holds a run",
                   "add --resume to go on with it, or --out another");
}

/// A head that is kept names its own classes.
void expect_same_classes(const ExternalCheckpoint& weights, const std::vector<std::string>& classes,
                         const std::string& path) {
  if (!weights.description || weights.description->classes == classes) return;
  throw InputError("train.init.head", "replace, as the classes are not those of " + path, "keep", "set head: replace");
}

/// Gives the network the weights to start from: random ones, or another network's.
void initialise_weights(Classifier& network, Experiment& experiment) {
  initialise(network, static_cast<std::uint64_t>(experiment.config().seed));
  const InitialWeightsOptions& init = experiment.config().train.init;
  if (init.weights == "none") return;
  const ExternalCheckpoint weights = read_weights(init.weights);
  if (init.head == InitialHead::keep) expect_same_classes(weights, experiment.classes(), init.weights);
  std::vector<Rename> renames;
  for (const std::string& text : init.rename) renames.push_back(parse_rename(text, "train.init.rename"));
  load_initial_weights(network, name_for(network, weights.file, renames).tensors, init, init.weights);
}

/// What the result depends on: a checkpoint fits only the same.
Json identity_of(Experiment& experiment, torch::Device device) {
  Json identity = result_defining(experiment.resolved_config());
  identity["data"]["fingerprint"] = experiment.data().fingerprint();
  identity["device"] = device.is_cpu() ? "cpu" : "cuda";
  return identity;
}

int train(const TrainArguments& arguments, const GlobalOptions& global) {
  const ConfigNode root = read_config_with_settings(arguments.config, global.with_seed(arguments.settings));
  auto config = read_experiment_config(root);
  if (arguments.print_config) {
    const Json resolved = write_fields(*config);
    global.json ? print_json(resolved) : void(std::cout << to_yaml(resolved));
    return kDone;
  }

  const torch::Device device = parse_device(global.device);
  const auto progress = make_training_progress(global.quiet);
  Experiment experiment(std::move(config), device, [&](const std::string& text) { progress->warn(text); });
  const TrainOptions& options = experiment.config().train;
  ExperimentData& data = experiment.data();
  if (!arguments.preview.empty()) {
    write_png(arguments.preview, preview(data));
    global.json ? print_json({{"preview", arguments.preview}}) : void(std::cout << arguments.preview << "\n");
    return kDone;
  }
  const auto network = experiment.build_network();
  const Loader training = data.training_loader();
  const Loader validation = data.loader(Split::validation);
  const Loader test = data.loader(Split::test);
  const auto num_classes = experiment.input().num_classes;

  const std::string stem = std::filesystem::path(arguments.config).stem().string();
  const RunDirectory run(arguments.out.empty() ? "runs/" + stem : arguments.out);
  if (!arguments.dry_run) expect_free(run, arguments.resume);
  const bool goes_on = arguments.resume && std::filesystem::exists(run.checkpoint());
  if (!goes_on) initialise_weights(*network, experiment);  // a checkpoint has weights of its own

  const StopSignal stop;
  const auto stop_requested = [&] { return stop.requested(); };
  Trainer trainer({.options = options,
                   .seed = static_cast<std::uint64_t>(experiment.config().seed),
                   .config = identity_of(experiment, device),
                   .description = experiment.description(),
                   .network = network,
                   .build = [&] { return experiment.build_network(); },
                   .train = training,
                   .validation = data.has_validation() ? &validation : nullptr,
                   .num_classes = num_classes,
                   .class_weights = options.class_weights.weights(data.training_images_per_class()),
                   .threads = global.threads,
                   .device = device,
                   .directory = run,
                   .observer = *progress,
                   .stop_requested = stop_requested});
  if (arguments.dry_run) {
    const auto facts = dry_run(experiment, trainer, *network, {global.threads, device, stop_requested});
    if (!facts) return kInterrupted;
    global.json ? print_json(*facts) : print_dry_run(*facts);
    return kDone;
  }
  make_directories(run.path());
  const DirectoryLock lock(run.path());
  const bool resumed = arguments.resume && trainer.resume();
  if (resumed) progress->note("resuming " + run.path());
  if (!resumed) run.clear();
  remove_stale_temporary_files(run.path());
  write_file_atomically(run.config(), to_yaml(experiment.resolved_config()));

  const auto interrupted = [&] {
    progress->note("stopped; the checkpoint is saved. Go on with --resume");
    return kInterrupted;
  };
  const TrainingResult result = trainer.run();
  if (result.interrupted) return interrupted();
  if (result.epochs < options.epochs) {
    progress->note("stopped early after " + std::to_string(result.epochs) + " of " + std::to_string(options.epochs) +
                   " epochs: none was better than epoch " + std::to_string(result.best->epoch));
  }
  const EvaluationOptions evaluation{global.threads, device, stop_requested};
  ClassificationMetrics metrics(num_classes);
  Json glimpses;
  try {
    metrics = evaluate(*network, test, num_classes, evaluation);
    glimpses = glimpse_scores(*network, test, evaluation, [&](const std::string& text) { progress->warn(text); });
  } catch (const Interrupted&) {
    return interrupted();
  }
  if (metrics.images() == 0) throw InputError("data", "readable test images", "none", "check the files");
  Json scores = {{"top1", metrics.top1()}, {"loss", metrics.loss()}};
  scores.update(glimpses);
  const Json summary = summarise(run, result, *network, experiment.input(), scores, global.threads);
  write_file_atomically(run.summary(), json_text(summary));
  try {
    write_curves(run, result.best ? std::optional(result.best->epoch) : std::nullopt);
    write_score_pictures(run, "test", metrics, experiment.classes());
  } catch (const Error& error) {  // the result stands without them
    progress->warn(error.what());
  }
  global.json ? print_json(summary) : print_summary(summary);
  return kDone;
}

}  // namespace

Action add_train_command(CLI::App& app) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = app.add_subcommand("train", "train a classifier as a configuration says");
  command->add_option("config", arguments->config, "experiment in YAML")->required()->type_name("CONFIG");
  command->add_option("--set", arguments->settings, "override a key, e.g. --set model.attention.name=eca")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  CLI::Option* out =
      command->add_option("--out", arguments->out, "run directory (default: runs/<config name>)")->type_name("DIR");
  CLI::Option* resume = command->add_flag("--resume", arguments->resume, "go on from the run directory's checkpoint");
  CLI::Option* print_config =
      command->add_flag("--print-config", arguments->print_config, "print the resolved configuration and stop");
  CLI::Option* dry =
      command->add_flag("--dry-run", arguments->dry_run, "measure speed and memory on some updates, and stop");
  command->add_option("--preview", arguments->preview, "draw training images as augmented, and stop")
      ->type_name("PNG")
      ->excludes(out)
      ->excludes(resume)
      ->excludes(print_config)
      ->excludes(dry);
  dry->excludes(out)->excludes(resume)->excludes(print_config);
  return [arguments](const GlobalOptions& global) { return train(*arguments, global); };
}

}  // namespace fovea
