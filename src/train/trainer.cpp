#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/eval/evaluator.h>
#include <fovea/nn/model_file.h>
#include <fovea/nn/state_dict.h>
#include <fovea/train/trainer.h>

namespace fovea {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double per_second(std::int64_t images, double seconds) {
  return seconds > 0 ? static_cast<double>(images) / seconds : 0.0;
}

Json number_or_null(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

/// Better on validation; the lower loss decides between equal accuracies.
bool improves(const ClassificationMetrics& metrics, const std::optional<SelectedEpoch>& best) {
  if (!best || metrics.top1() != best->val_top1) return !best || metrics.top1() > best->val_top1;
  return metrics.loss() < best->val_loss;
}

}  // namespace

Json to_json(const EpochRecord& record) {
  return {{"epoch", record.epoch},
          {"train_loss", record.train_loss},
          {"train_top1", record.train_top1},
          {"val_loss", number_or_null(record.val_loss)},
          {"val_top1", number_or_null(record.val_top1)},
          {"learning_rate", record.learning_rate},
          {"images_per_second", record.images_per_second},
          {"seconds", record.seconds}};
}

Trainer::Trainer(TrainingSetup setup)
    : setup_(std::move(setup)),
      objective_(setup_.options.label_smoothing),
      optimizer_(*setup_.options.optimizer, *setup_.network),
      shards_(setup_.network, setup_.build, setup_.options.shards, setup_.threads) {
  state_.config = setup_.config;
}

bool Trainer::resume() {
  const std::string path = setup_.directory.checkpoint();
  if (!std::filesystem::exists(path)) return false;
  state_ = read_checkpoint(path, setup_.config);
  expect_plausible_counters(path);
  load_state_dict(*setup_.network, std::exchange(state_.model, {}), path);
  optimizer_.load_state(std::exchange(state_.optimizer, {}), path);
  if (!state_.selected.empty()) {
    expect_state_fits(*setup_.network, state_.selected, path);
    write_model_file(setup_.directory.model(), state_.selected, setup_.description);
  }
  setup_.directory.keep_metrics(state_.epoch);
  return true;
}

void Trainer::expect_plausible_counters(const std::string& path) const {
  const std::int64_t batches = setup_.train.batches();
  const std::int64_t images = state_.batch == batches ? setup_.train.images() : state_.batch * setup_.options.batch_size;
  const bool within = state_.epoch <= setup_.options.epochs && state_.batch <= batches && state_.sums.images == images &&
                      (state_.epoch < setup_.options.epochs || state_.batch == 0);
  if (within && state_.selected.empty() == (state_.epoch == 0)) return;
  throw InputError(path, "a checkpoint within " + std::to_string(setup_.options.epochs) + " epochs of this data set",
                   "epoch " + std::to_string(state_.epoch) + ", batch " + std::to_string(state_.batch) + ", " +
                       std::to_string(state_.sums.images) + " images",
                   "the file is damaged");
}

TrainingResult Trainer::run() {
  while (state_.epoch < setup_.options.epochs && !stopped_) train_epoch();
  if (!stopped_) load_state_dict(*setup_.network, state_.selected, "selected weights");
  return {stopped_, state_.epoch, state_.seconds,
          per_second(state_.epoch * setup_.train.images() + state_.sums.images, state_.train_seconds), state_.best};
}

void Trainer::train_epoch() {
  BatchStream stream = setup_.train.epoch(state_.epoch, state_.batch);
  auto lap = Clock::now();
  while (const auto batch = stream.next()) {
    update(batch->to(setup_.device));
    ++state_.batch;
    const double elapsed = seconds_since(std::exchange(lap, Clock::now()));
    state_.epoch_seconds += elapsed;
    state_.train_seconds += elapsed;
    state_.seconds += elapsed;
    report_progress();
    if (setup_.stop_requested()) return stop();
    if (seconds_since(last_save_) > setup_.options.checkpoint_seconds) save();
  }
  try {
    finish_epoch();
  } catch (const Interrupted&) {  // during validation: resuming begins with it
    stop();
  }
}

void Trainer::stop() {
  save();
  stopped_ = true;
}

void Trainer::update(const Batch& batch) {
  const auto key = {static_cast<std::uint64_t>(state_.epoch), static_cast<std::uint64_t>(state_.batch)};
  const StepSums sums = shards_.compute_gradient(batch, objective_, RandomStream(setup_.seed, Purpose::forward, key));
  expect_finite(sums.loss, "loss");
  state_.sums += sums;
  const double factor = schedule_factor(state_.batch);
  shards_.run_alone([&] {
    const double limit = setup_.options.clip_norm > 0 ? setup_.options.clip_norm : std::numeric_limits<double>::infinity();
    const double norm = torch::nn::utils::clip_grad_norm_(setup_.network->parameters(), limit);
    expect_finite(norm, "gradient");  // before the step: no checkpoint may hold weights that are not numbers
    optimizer_.step(factor);
  });
}

void Trainer::expect_finite(double value, const char* what) const {
  if (std::isfinite(value)) return;
  throw NumericError("epoch " + std::to_string(state_.epoch + 1) + ", update " + std::to_string(state_.batch + 1) +
                     ": expected a finite " + what + ", got " + std::to_string(value) +
                     "; lower train.optimizer.learning_rate or set train.clip_norm");
}

double Trainer::schedule_factor(std::int64_t batch) const {
  const std::int64_t updates_per_epoch = setup_.train.batches();
  return setup_.options.schedule->factor(
      {state_.epoch * updates_per_epoch + batch, updates_per_epoch, setup_.options.epochs});
}

void Trainer::finish_epoch() {
  const auto start = Clock::now();
  std::optional<ClassificationMetrics> validation;
  if (setup_.validation != nullptr) {
    validation = evaluate(*setup_.network, *setup_.validation, setup_.num_classes,
                          {setup_.threads, setup_.device, setup_.stop_requested});
    if (validation->images() == 0) {
      throw InputError("data.validation", "readable images to select weights on", "none", "check the files");
    }
  }
  select(validation);
  const double validation_seconds = seconds_since(start);
  state_.seconds += validation_seconds;

  const auto images = static_cast<double>(state_.sums.images);
  EpochRecord record;
  record.epoch = state_.epoch + 1;
  record.train_loss = state_.sums.loss / images;
  record.train_top1 = static_cast<double>(state_.sums.correct) / images;
  if (validation) {
    record.val_loss = validation->loss();
    record.val_top1 = validation->top1();
  }
  record.learning_rate = setup_.options.optimizer->learning_rate * schedule_factor(setup_.train.batches() - 1);
  record.images_per_second = per_second(state_.sums.images, state_.epoch_seconds);
  record.seconds = state_.epoch_seconds + validation_seconds;

  ++state_.epoch;
  state_.batch = 0;
  state_.sums = {};
  state_.epoch_seconds = 0;
  setup_.directory.append_metrics(to_json(record));  // before the checkpoint: a kill in between leaves a line too many,
  save();                                            // which resuming cuts off
  setup_.observer.epoch_finished(record, setup_.options.epochs);
}

void Trainer::select(const std::optional<ClassificationMetrics>& validation) {
  if (validation) {
    if (!improves(*validation, state_.best)) return;
    state_.best = SelectedEpoch{state_.epoch + 1, validation->top1(), validation->loss()};
  }
  state_.selected = copy_state(*setup_.network);
  write_model_file(setup_.directory.model(), state_.selected, setup_.description);
}

void Trainer::save() {
  state_.model = state_dict(*setup_.network);
  state_.optimizer = optimizer_.state();
  write_checkpoint(setup_.directory.checkpoint(), state_);
  state_.model.clear();
  state_.optimizer.clear();
  last_save_ = Clock::now();
}

void Trainer::report_progress() const {
  TrainingProgress progress;
  progress.epoch = state_.epoch + 1;
  progress.epochs = setup_.options.epochs;
  progress.images = state_.sums.images;
  progress.epoch_images = setup_.train.images();
  progress.loss = state_.sums.loss / static_cast<double>(state_.sums.images);
  progress.top1 = static_cast<double>(state_.sums.correct) / static_cast<double>(state_.sums.images);
  progress.images_per_second = per_second(state_.sums.images, state_.epoch_seconds);
  const std::int64_t done = state_.epoch * progress.epoch_images + progress.images;
  const std::int64_t left = progress.epochs * progress.epoch_images - done;
  progress.remaining_seconds = static_cast<double>(left) * state_.seconds / static_cast<double>(done);
  setup_.observer.progressed(progress);
}

}  // namespace fovea
