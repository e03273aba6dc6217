#include <chrono>
#include <sys/resource.h>

#include <fovea/base/error.h>
#include <fovea/eval/evaluator.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/run/dry_run.h>
#include <fovea/run/internal/training_session.h>
#include <fovea/run/model.h>

namespace fovea {
namespace {

constexpr double kSeconds = 5;
constexpr std::int64_t kBatchesPerThread = 2;  // of evaluation: as many at once as there are threads

/// Peak resident memory of this process, in bytes.
std::int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{1024} * usage.ru_maxrss;
}

std::int64_t count_trained_parameters(const torch::nn::Module& network) {
  std::int64_t count = 0;
  for (const auto& parameter : network.parameters()) count += parameter.requires_grad() ? parameter.numel() : 0;
  return count;
}

double evaluation_speed(TrainingSession& session, const EvaluationOptions& options) {
  const Loader loader = session.experiment.data().loader(Split::test, options.threads * kBatchesPerThread);
  const auto start = std::chrono::steady_clock::now();
  evaluate(*session.network, loader, session.experiment.input().num_classes, options);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return static_cast<double>(loader.images()) / seconds.count();
}

}  // namespace

DryRunReport dry_run(const Experiment& experiment, const DryRunOptions& options) {
  RunObserver silent;
  TrainingSession session(experiment, parse_device(options.device),
                          options.observer == nullptr ? silent : *options.observer);
  session.check_data(options.threads, options.stop_requested);
  session.initialise_weights();
  Trainer trainer = session.trainer(RunDirectory(experiment.name()), options.threads, options.stop_requested);
  DryRunReport report;
  report.data = session.summary();
  report.images = session.images();
  report.macs = count_multiply_adds(*session.network, session.experiment.input());
  const DryRun measured = trainer.dry_run(kSeconds);
  if (measured.interrupted) throw Interrupted("dry run: stopped on request");
  report.updates = measured.updates;
  report.images_per_second = measured.images_per_second;
  report.evaluation_images_per_second = evaluation_speed(session, {options.threads, session.device, options.stop_requested});
  report.parameters = count_parameters(*session.network);
  report.trained_parameters = count_trained_parameters(*session.network);
  report.memory_bytes = peak_memory();
  report.epoch_seconds = static_cast<double>(report.images.train) / report.images_per_second +
                         static_cast<double>(report.images.validation) / report.evaluation_images_per_second;
  report.seconds = report.epoch_seconds * static_cast<double>(experiment.config().train.epochs);
  return report;
}

Json to_json(const DryRunReport& report) {
  return {
      {"images", {{"train", report.images.train}, {"validation", report.images.validation}, {"test", report.images.test}}},
      {"data", to_json(report.data)},
      {"parameters", report.parameters},
      {"trained_parameters", report.trained_parameters},
      {"macs", report.macs},
      {"memory_bytes", report.memory_bytes},
      {"updates", report.updates},
      {"images_per_second", report.images_per_second},
      {"evaluation_images_per_second", report.evaluation_images_per_second},
      {"epoch_seconds", report.epoch_seconds},
      {"seconds", report.seconds}};
}

}  // namespace fovea
