#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <fovea/base/directory_lock.h>
#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/config/number_or_null.h>
#include <fovea/eval/evaluator.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/run/internal/training_session.h>
#include <fovea/run/model.h>
#include <fovea/run/run_pictures.h>
#include <fovea/run/training.h>
#include <fovea/train/run_directory.h>
#include <fovea/train/trainer.h>

namespace fovea {
namespace {

/// The directory of a run, locked as soon as it exists.
class LockedRun {
 public:
  /// @throws InputError when the directory contains what this run must not replace.
  LockedRun(RunDirectory run, bool resume) : run_(std::move(run)), resume_(resume) {
    std::error_code unreachable;
    if (std::filesystem::is_directory(run_.path(), unreachable)) lock_.emplace(run_.path());
    expect_own_files();
  }

  /// Creates the directory unless it exists. Another process may have finished a run in it since the constructor.
  void create() {
    if (lock_) return;
    make_directories(run_.path());
    lock_.emplace(run_.path());
    expect_own_files();
  }

  bool resumes() const { return resume_ && run_.has_checkpoint(); }

 private:
  void expect_own_files() const {
    const std::vector<std::string> files = run_.existing_files();
    if (files.empty() || resumes()) return;
    if (run_.has_checkpoint()) {
      throw InputError(run_.path(), "a folder without a run", "one that contains a run",
                       "resume it, choose another output folder, or remove this one");
    }
    throw InputError(run_.path(), resume_ ? "a run with checkpoint.ckpt" : "a folder without a run",
                     files.front() + ", which this run would replace", "choose another output folder");
  }

  RunDirectory run_;
  bool resume_;
  std::optional<DirectoryLock> lock_;
};

/// @throws InputError for an empty path.
RunDirectory directory_of(const Experiment& experiment, const RunOptions& options) {
  if (options.out && options.out->empty()) throw InputError("out", "a run directory", "an empty path", "name a folder");
  return RunDirectory(options.out.value_or(experiment.run_directory()));
}

/// Resumes the run, or begins it.
void resume_or_begin(Trainer& trainer, const RunDirectory& run, const RunOptions& options, RunObserver& observer) {
  if (options.resume && trainer.resume()) {
    observer.note(!trainer.finished()
                      ? "resuming " + run.path()
                      : run.path() + " is trained already; to train its weights further, start another run with " +
                            "train.init: {weights: " + run.path() + ", head: keep}");
    return;
  }
  if (options.resume) observer.note("no checkpoint in " + run.path() + ": training from the beginning");
  trainer.begin();
}

/// A report that says what is trained.
TrainingReport described_report(const Experiment& experiment, TrainingSession& session) {
  const ExperimentConfig& config = experiment.config();
  TrainingReport report;
  report.name = experiment.name();
  report.seed = config.seed;
  report.model = config.model.row->name;
  for (const InsertedMechanism& entry : config.model.attention.entries) report.attention.push_back(entry.row->name);
  report.images = session.images();
  return report;
}

/// Scores the selected weights on the test split, and writes the run's summary and pictures.
void finish_run(TrainingSession& session, const RunDirectory& run, const EvaluationOptions& evaluation,
                RunObserver& observer, TrainingReport& report) {
  Classifier& network = *session.network;
  const InputSpec& input = session.experiment.input();
  const ClassificationMetrics metrics = evaluate(network, session.test, input.num_classes, evaluation);
  if (metrics.images() == 0) throw InputError("data", "readable test images", "none", "check the files");
  report.test.glimpses =
      glimpse_scores(network, session.test, evaluation, [&](const std::string& text) { observer.warn(text); });
  report.test.images = metrics.images();
  report.test.top1 = metrics.top1();
  report.test.top1_interval = metrics.top1_interval();
  report.test.loss = metrics.loss();
  report.parameters = count_parameters(network);
  report.macs = count_multiply_adds(network, input);
  write_file_atomically(run.summary(), to_json_text(to_json(report)));
  try {
    write_curves(run, report.best.val_top1 ? std::optional(report.best.epoch) : std::nullopt);
    write_score_pictures(run, Split::test, metrics, session.experiment.classes());
  } catch (const Error& error) {  // the result is valid without them
    observer.warn(error.what());
  }
}

/// Does a part of a run, whose errors in the data then say what is saved.
template <typename Work>
auto naming_what_is_saved(const std::string& file, const Work& work) {
  try {
    return work();
  } catch (const ShapeError&) {  // of the configuration, which a run cannot change
    throw;
  } catch (const InputError& error) {
    std::error_code unreachable;
    if (!std::filesystem::exists(file, unreachable)) throw;
    throw InputError(std::string(error.what()) + "; " + file + " is saved: resume the run when the images are readable");
  }
}

}  // namespace

Json to_json(const TrainingReport& report) {
  Json test = {{"images", report.test.images},
               {"top1", report.test.top1},
               {"top1_interval", to_json(report.test.top1_interval)},
               {"loss", report.test.loss}};
  if (report.test.glimpses) test.update(to_json(*report.test.glimpses));
  const ImageCounts& images = report.images;
  return {{"run", report.run},
          {"name", report.name},
          {"seed", report.seed},
          {"model", report.model},
          {"attention", report.attention},
          {"images", {{"train", images.train}, {"validation", images.validation}, {"test", images.test}}},
          {"epochs", report.epochs},
          {"seconds", report.seconds},
          {"images_per_second", report.images_per_second},
          {"parameters", report.parameters},
          {"macs", report.macs},
          {"best", {{"epoch", report.best.epoch}, {"val_top1", number_or_null(report.best.val_top1)}}},
          {"test", test},
          {"environment", to_json(report.environment)}};
}

TrainingReport train(const Experiment& experiment, const RunOptions& options) {
  RunObserver silent;
  RunObserver& observer = options.observer == nullptr ? silent : *options.observer;
  const RunDirectory run = directory_of(experiment, options);
  const torch::Device device = parse_device(options.device);
  LockedRun locked(run, options.resume);
  TrainingSession session(experiment, device, observer);
  session.check_data(options.threads, options.stop_requested);
  if (!locked.resumes()) {  // a checkpoint has weights of its own
    const std::string note = session.initialise_weights();
    if (!note.empty()) observer.note("note: " + note);
  }
  Trainer trainer = session.trainer(run, options.threads, options.stop_requested);

  locked.create();
  remove_stale_temporary_files(run.path());
  resume_or_begin(trainer, run, options, observer);
  write_file_atomically(run.config(), to_yaml(experiment.resolved_config()));

  const TrainingResult result = naming_what_is_saved(run.checkpoint(), [&] { return trainer.run(); });
  TrainingReport report = described_report(experiment, session);
  report.run = run.path();
  report.interrupted = result.interrupted;
  report.epochs = result.epochs;
  report.seconds = result.seconds;
  report.images_per_second = result.images_per_second;
  report.best.epoch = result.epochs;
  report.environment = describe_environment(options.threads);
  report.opened_data = session.experiment.shared_data();
  if (result.best) report.best = {result.best->epoch, result.best->val_top1};
  if (result.interrupted) return report;
  const std::int64_t epochs = experiment.config().train.epochs;
  if (result.epochs < epochs) {
    observer.note("stopped early after " + std::to_string(result.epochs) + " of " + std::to_string(epochs) +
                  " epochs: none was better than epoch " + std::to_string(report.best.epoch));
  }
  try {
    naming_what_is_saved(run.model(), [&] {
      finish_run(session, run, {options.threads, device, options.stop_requested}, observer, report);
    });
  } catch (const Interrupted&) {
    report.interrupted = true;
  }
  return report;
}

}  // namespace fovea
