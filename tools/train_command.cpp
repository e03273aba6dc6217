#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include <fovea/base/number_text.h>
#include <fovea/base/printable.h>
#include <fovea/image/encode.h>
#include <fovea/run/dry_run.h>
#include <fovea/run/preview.h>
#include <fovea/run/report_text.h>
#include <fovea/run/training.h>

#include "program.h"
#include "progress.h"
#include "stop_signal.h"

namespace fovea {
namespace {

struct TrainArguments {
  std::string config;
  std::vector<std::string> settings;
  std::optional<std::string> out;
  bool resume = false;
  bool print_config = false;
  bool dry_run = false;
  std::string preview;
};

void print_dry_run(const DryRunReport& report) {
  const auto count = [](std::int64_t number) { return static_cast<long long>(number); };
  const bool warm = report.updates > 1;
  std::printf("%-14s %lld for training, %lld for validation, %lld for the test\n", "images", count(report.images.train),
              count(report.images.validation), count(report.images.test));
  std::printf("%-14s %lld, %lld of them trained\n", "parameters", count(report.parameters),
              count(report.trained_parameters));
  std::printf("%-14s %lld per image\n", "multiply-adds", count(report.macs));
  std::printf("%-14s %lld MiB of main memory\n", "memory", count(report.memory_bytes / (1 << 20)));
  std::printf("%-14s %.0f images/s in training, %.0f in evaluation%s\n", "speed", report.images_per_second,
              report.evaluation_images_per_second, warm ? "" : " (without warm-up: there is only one update)");
  std::printf("%-14s %s an epoch, %s in all\n", "time", duration_text(report.epoch_seconds).c_str(),
              duration_text(report.seconds).c_str());
}

int print_config(const Experiment& experiment, const GlobalOptions& global) {
  const Json resolved = experiment.resolved_config();
  global.json ? print_json(resolved) : void(std::cout << to_yaml(resolved));
  return kDone;
}

int write_preview(const Experiment& experiment, const std::string& path, const GlobalOptions& global) {
  write_png(path, preview(experiment, print_warning));
  global.json ? print_json({{"preview", path}}) : void(std::cout << printable(path) << "\n");
  return kDone;
}

int measure(const Experiment& experiment, const GlobalOptions& global) {
  const auto display = make_training_progress(global.quiet);
  const StopSignal stop;
  const DryRunReport report = dry_run(
      experiment, {.device = global.device, .threads = global.threads, .observer = display.get(), .stop_requested = [&] {
                     return stop.requested();
                   }});
  global.json ? print_json(to_json(report)) : print_dry_run(report);
  return kDone;
}

/// The text as one word of a shell.
std::string shell_word(const std::string& text) {
  const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:,@%";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char letter : text) quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return quoted + "'";
}

/// The command that resumes a run.
std::string resume_command(const std::string& run, const GlobalOptions& global) {
  const std::string device = global.device == "auto" ? "" : " --device " + shell_word(global.device);
  return "fovea train " + shell_word(run) + " --resume" + device;
}

int run_training(const Experiment& experiment, const TrainArguments& arguments, const GlobalOptions& global) {
  const auto display = make_training_progress(global.quiet);
  const StopSignal stop;
  const TrainingReport report = train(experiment, {.out = arguments.out,
                                                   .resume = arguments.resume,
                                                   .device = global.device,
                                                   .threads = global.threads,
                                                   .observer = display.get(),
                                                   .stop_requested = [&] { return stop.requested(); }});
  if (report.interrupted) {
    display->note("stopped; the checkpoint is saved; continue with: " + resume_command(report.run, global));
    return kInterrupted;
  }
  global.json ? print_json(to_json(report)) : void(std::cout << report_text(report));
  return kDone;
}

int run_train_command(const TrainArguments& arguments, const GlobalOptions& global) {
  keep_freed_memory();
  const Experiment experiment =
      read_experiment(arguments.config, global.with_seed(arguments.settings), global.quiet ? Warn() : print_note);
  if (arguments.print_config) return print_config(experiment, global);
  if (!arguments.preview.empty()) return write_preview(experiment, arguments.preview, global);
  if (arguments.dry_run) return measure(experiment, global);
  return run_training(experiment, arguments, global);
}

}  // namespace

Action add_train_command(CLI::App& app) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App* command = app.add_subcommand("train", "train a classifier from a configuration");
  command->add_option("config", arguments->config, "experiment in YAML, or run directory")
      ->required()
      ->type_name("CONFIG|RUN");
  command
      ->add_option("--set", arguments->settings, "override a key, e.g. --set model.attention.name=eca; KEY=none removes one")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  CLI::Option* out = command
                         ->add_option_function<std::string>(
                             "--out", [arguments](const std::string& folder) { arguments->out = folder; },
                             "run directory (default: runs/<config name>, or RUN)")
                         ->type_name("DIR");
  CLI::Option* resume = command->add_flag("--resume", arguments->resume,
                                          "resume from the run directory's checkpoint; from the beginning if it has no run");
  CLI::Option* print_config =
      command->add_flag("--print-config", arguments->print_config, "print the resolved configuration and stop");
  CLI::Option* dry = command->add_flag("--dry-run", arguments->dry_run, "measure speed and memory on some updates and stop");
  command->add_option("--preview", arguments->preview, "draw augmented training images and stop")
      ->type_name("PNG")
      ->excludes(out)
      ->excludes(resume)
      ->excludes(print_config)
      ->excludes(dry);
  dry->excludes(out)->excludes(resume)->excludes(print_config);
  return [arguments](const GlobalOptions& global) { return run_train_command(*arguments, global); };
}

}  // namespace fovea
