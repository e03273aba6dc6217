#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/eval/evaluator.h>
#include <fovea/nn/finite_values.h>
#include <fovea/nn/freeze.h>
#include <fovea/nn/too_few_values.h>
#include <fovea/train/choice_objective.h>
#include <fovea/train/glimpse_objective.h>
#include <fovea/train/trainer.h>
#include <fovea/weights/model_file.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double per_second(std::int64_t images, double seconds) {
  return seconds > 0 ? static_cast<double>(images) / seconds : 0.0;
}

/// True when the validation accuracy is higher, or equal with a lower loss.
bool improves(const ClassificationMetrics& metrics, const std::optional<SelectedEpoch>& best) {
  if (!best || metrics.top1() != best->val_top1) return !best || metrics.top1() > best->val_top1;
  return metrics.loss() < best->val_loss;
}

std::unique_ptr<Objective> make_objective(const TrainOptions& options, const std::vector<double>& class_weights) {
  ClassLoss class_loss(options.label_smoothing, class_weights);
  switch (options.choices) {
    case ChoiceKind::locations:
      return std::make_unique<GlimpseObjective>(std::move(class_loss), options.step_loss, *options.policy);
    case ChoiceKind::elements:
      return std::make_unique<ChoiceObjective>(std::move(class_loss), *options.policy);
    case ChoiceKind::none:
      break;
  }
  return std::make_unique<ClassificationObjective>(std::move(class_loss));
}

constexpr const char* kOverflowAdvice = "; lower train.optimizer.learning_rate or set train.clip_norm";

/// Freezes layers before the optimiser and the replicas are built.
TrainingSetup with_layers_frozen(TrainingSetup setup) {
  freeze(*setup.network, setup.options.freeze, "train.freeze");
  return setup;
}

}  // namespace

Trainer::Trainer(TrainingSetup setup)
    : setup_(with_layers_frozen(std::move(setup))),
      objective_(make_objective(setup_.options, setup_.class_weights)),
      optimizer_(*setup_.options.optimizer, trained_parameters()),
      shards_(
          setup_.network, [this] { return build_ready(); }, setup_.options.shards, setup_.threads),
      events_(setup_.directory.events()) {
  expect_validation();
  if (setup_.options.ema_decay) average_.emplace(setup_.build(), *setup_.network, *setup_.options.ema_decay);
  state_.config = setup_.config;
}

std::shared_ptr<Classifier> Trainer::build_ready() const {
  auto network = setup_.build();
  network->train();
  freeze(*network, setup_.options.freeze, "train.freeze");
  return network;
}

std::vector<TrainedParameter> Trainer::trained_parameters() const {
  const auto multipliers = setup_.options.layer_rates.multipliers(*setup_.network);
  std::vector<TrainedParameter> trained;
  for (const auto& item : setup_.network->named_parameters()) {
    if (item.value().requires_grad()) trained.push_back({item.key(), item.value(), multipliers.at(item.key())});
  }
  if (trained.empty()) {
    throw InputError("train.freeze", "at least one layer to train", "every parameter frozen", "freeze fewer layers");
  }
  return trained;
}

void Trainer::expect_validation() const {
  if (setup_.validation != nullptr) return;
  const bool early_stopping = setup_.options.early_stopping_epochs > 0;
  if (!early_stopping && !setup_.options.schedule->needs_validation()) return;
  throw InputError(early_stopping ? "train.early_stopping_epochs" : "train.schedule: " + setup_.options.schedule.name(),
                   "a validation split", "none", "set data.validation, e.g. to 0.1");
}

bool Trainer::resume() {
  const std::string path = setup_.directory.checkpoint();
  if (!setup_.directory.has_checkpoint()) return false;
  state_ = read_checkpoint(path, setup_.config);
  expect_plausible_counters(path);
  load_state_dict(*setup_.network, std::exchange(state_.model, {}), path);
  optimizer_.load_state(std::exchange(state_.optimizer, {}), path);
  if (average_) load_state_dict(average_->network(), std::exchange(state_.average, {}), path);
  restore_content_records(path);
  if (!state_.average.empty()) {
    throw InputError(path, "no average, as train.ema_decay is not set", "one", "the file is damaged");
  }
  if (!state_.selected.empty()) {
    expect_state_fits(*setup_.network, state_.selected, path);
    write_model_file(setup_.directory.model(), state_.selected, setup_.description);
  }
  truncate_logs();
  return true;
}

void Trainer::restore_content_records(const std::string& path) {
  for (const auto& [split, hashes] : std::exchange(state_.images, {})) {
    const auto record = setup_.content_records.find(split);
    if (record == setup_.content_records.end() || hashes.scalar_type() != torch::kInt64 || hashes.dim() != 1) {
      throw InputError(path + ": images." + split, "hashes of the images", "another tensor", "the file is damaged");
    }
    const auto* values = hashes.data_ptr<std::int64_t>();
    record->second->restore({values, values + hashes.numel()});
  }
}

void Trainer::truncate_logs() {
  const RunDirectory& run = setup_.directory;
  const std::string epochs = std::to_string(state_.epoch) + " epochs";
  if (const std::int64_t missing = run.truncate_metrics(state_.epoch); missing > 0) {
    setup_.observer.warn(run.metrics() + ": expected a line for each of " + epochs + ", got " + std::to_string(missing) +
                         " damaged or missing; the curves are drawn without");
  }
  if (const std::int64_t last = events_.truncate(state_.epoch); last < state_.epoch) {
    setup_.observer.warn(run.events() + ": expected events of " + epochs + ", got those of " + std::to_string(last) +
                         "; TensorBoard shows no others");
  }
}

void Trainer::expect_plausible_counters(const std::string& path) const {
  const std::int64_t batches = setup_.train.batches();
  const bool whole_updates = state_.batch == batches || state_.batch % setup_.options.accumulate == 0;
  const bool within = state_.epoch <= setup_.options.epochs && state_.batch <= batches && whole_updates &&
                      state_.sums.images == images_before(state_.batch) &&
                      (state_.epoch < setup_.options.epochs || state_.batch == 0);
  if (!within || state_.selected.empty() != (state_.epoch == 0)) {
    throw InputError(path, "a checkpoint within " + std::to_string(setup_.options.epochs) + " epochs of this data set",
                     "epoch " + std::to_string(state_.epoch) + ", batch " + std::to_string(state_.batch) + ", " +
                         std::to_string(state_.sums.images) + " images",
                     "the file is damaged");
  }
  const std::int64_t scored = setup_.validation != nullptr ? state_.epoch : 0;
  const bool best_fits = scored == 0 ? !state_.best : state_.best && state_.best->epoch >= 1 && state_.best->epoch <= scored;
  if (std::ssize(state_.validation) != scored || !best_fits) {
    throw InputError(path, "validation scores of " + std::to_string(scored) + " epochs, and the best of them",
                     std::to_string(state_.validation.size()) + (state_.best ? " and one" : " and none"),
                     "the file is damaged");
  }
}

TrainingResult Trainer::run() {
  while (!finished() && !stopped_) train_epoch();
  if (!stopped_) load_state_dict(*setup_.network, state_.selected, "selected weights");
  return {stopped_, state_.epoch, state_.seconds,
          per_second(state_.epoch * setup_.train.images() + state_.sums.images, state_.train_seconds), state_.best};
}

std::int64_t Trainer::typical_epoch() const {
  const std::int64_t epochs = setup_.options.epochs;
  const std::int64_t middle = epochs / 2;
  if (setup_.options.choices == ChoiceKind::none) return middle;
  const ExplorationOptions& exploration = setup_.options.policy->exploration;
  const auto learns = [&](std::int64_t epoch) {
    return epoch >= 0 && epoch < epochs && exploration.at(static_cast<double>(epoch), epochs).trains_policy;
  };
  for (std::int64_t distance = 0; distance <= middle; ++distance) {
    for (const std::int64_t epoch : {middle + distance, middle - distance}) {
      if (learns(epoch)) return epoch;
    }
  }
  return middle;
}

DryRun Trainer::dry_run(double seconds) {
  state_.epoch = typical_epoch();
  DryRun measured;
  BatchStream stream = setup_.train.epoch(0);
  std::int64_t warm_up_images = 0;
  auto start = Clock::now();
  while (!measured.interrupted && (measured.updates < 2 || seconds_since(start) < seconds) && update(stream)) {
    measured.images_per_second = per_second(state_.sums.images - warm_up_images, seconds_since(start));
    measured.interrupted = stop_requested();
    if (++measured.updates > 1) continue;
    warm_up_images = state_.sums.images;
    start = Clock::now();
  }
  return measured;
}

void Trainer::train_epoch() {
  BatchStream stream = setup_.train.epoch(state_.epoch, state_.batch);
  auto lap = Clock::now();
  while (update(stream)) {
    const double elapsed = seconds_since(std::exchange(lap, Clock::now()));
    state_.epoch_seconds += elapsed;
    state_.train_seconds += elapsed;
    state_.seconds += elapsed;
    report_progress();
    if (stop_requested()) return stop();
    if (seconds_since(last_save_) > setup_.options.checkpoint_seconds) save();
  }
  try {
    finish_epoch();
  } catch (const Interrupted&) {  // during validation, with which the resumed run begins
    stop();
  }
}

void Trainer::stop() {
  save();
  stopped_ = true;
}

bool Trainer::update(BatchStream& stream) {
  const std::int64_t end = std::min(state_.batch + setup_.options.accumulate, setup_.train.batches());
  if (state_.batch == end) return false;
  const auto images = static_cast<double>(images_before(end) - images_before(state_.batch));
  shards_.zero_gradient();
  for (std::int64_t number = state_.batch; number < end; ++number) {
    const Batch batch = stream.next().value().to(setup_.device);
    const auto key = {static_cast<std::uint64_t>(state_.epoch), static_cast<std::uint64_t>(number)};
    try {
      const StepSums sums = shards_.add_gradient(batch, static_cast<double>(batch.size()) / images, *objective_,
                                                 position(state_.batch), RandomStream(setup_.seed, Purpose::forward, key));
      expect_finite(sums.loss, "loss");
      state_.sums += sums;
    } catch (const c10::Error& error) {
      if (is_too_few_values(error)) throw_too_few_values(batch.size(), number);
      throw;
    }
  }
  shards_.run_alone([&] {
    const double limit = setup_.options.clip_norm > 0 ? setup_.options.clip_norm : std::numeric_limits<double>::infinity();
    const double norm = torch::nn::utils::clip_grad_norm_(setup_.network->parameters(), limit);
    expect_finite(norm, "gradient");  // before the step, which would spoil the weights
    optimizer_.step(schedule_factor(state_.batch));
    if (average_) average_->update(*setup_.network, update_number(state_.batch) + 1);
  });
  state_.batch = end;
  return true;
}

std::int64_t Trainer::images_before(std::int64_t batch) const {
  return batch == setup_.train.batches() ? setup_.train.images() : batch * setup_.options.batch_size;
}

void Trainer::throw_too_few_values(std::int64_t images, std::int64_t batch) const {
  throw ShapeError("epoch " + std::to_string(state_.epoch + 1) + ", batch " + std::to_string(batch + 1), kEnoughValues,
                   "one: " + std::to_string(images) + (images == 1 ? " image" : " images") + " with one position",
                   kMoreValuesAdvice);
}

void Trainer::expect_finite(double value, const char* what) const {
  if (std::isfinite(value)) return;
  throw NumericError("epoch " + std::to_string(state_.epoch + 1) + ", batch " + std::to_string(state_.batch + 1) +
                     ": expected a finite " + what + ", got " + number_text(value) + kOverflowAdvice);
}

void Trainer::expect_finite_network() {
  std::string tensor = first_not_finite(*setup_.network);
  if (tensor.empty() && average_) tensor = first_not_finite(average_->network());
  if (tensor.empty()) return;
  throw NumericError("epoch " + std::to_string(state_.epoch + 1) + ", after batch " + std::to_string(state_.batch) +
                     ": expected finite weights, got NaN or infinity in '" + tensor + "'" + kOverflowAdvice);
}

std::int64_t Trainer::updates_per_epoch() const {
  const std::int64_t accumulate = setup_.options.accumulate;
  return (setup_.train.batches() + accumulate - 1) / accumulate;
}

std::int64_t Trainer::update_number(std::int64_t batch) const {
  return state_.epoch * updates_per_epoch() + batch / setup_.options.accumulate;
}

TrainingPosition Trainer::position(std::int64_t batch) const {
  return {update_number(batch), updates_per_epoch(), setup_.options.epochs, state_.validation};
}

double Trainer::schedule_factor(std::int64_t batch) const {
  return setup_.options.schedule->factor(position(batch));
}

Classifier& Trainer::evaluated_network() {
  return average_ ? average_->network() : *setup_.network;
}

std::optional<ClassificationMetrics> Trainer::validate() {
  if (setup_.validation == nullptr) return std::nullopt;
  try {
    auto metrics = evaluate(evaluated_network(), *setup_.validation, setup_.num_classes,
                            {setup_.threads, setup_.device, setup_.stop_requested});
    if (metrics.images() > 0) return metrics;
  } catch (const NumericError& error) {
    throw NumericError("epoch " + std::to_string(state_.epoch + 1) + ", validation: " + error.what() + kOverflowAdvice);
  }
  throw InputError("data.validation", "readable images to select weights on", "none", "check the files");
}

void Trainer::finish_epoch() {
  expect_finite_network();  // before anything of this epoch is written
  const auto start = Clock::now();
  const auto validation = validate();
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
  for (const auto& [name, part] : state_.sums.parts) record.parts[name] = part.mean();

  if (validation) state_.validation.push_back({validation->loss(), validation->top1()});
  ++state_.epoch;
  state_.batch = 0;
  state_.sums = {};
  state_.epoch_seconds = 0;
  setup_.directory.append_metrics(to_json(record));  // before the checkpoint: a kill in between leaves one line too many,
  events_.append(record.epoch, to_scalars(record));  // which the resumed run removes
  save();
  setup_.observer.epoch_finished(record, setup_.options.epochs);
}

void Trainer::select(const std::optional<ClassificationMetrics>& validation) {
  if (validation) {
    if (!improves(*validation, state_.best)) return;
    state_.best = SelectedEpoch{state_.epoch + 1, validation->top1(), validation->loss()};
  }
  state_.selected = copy_state(evaluated_network());
  write_model_file(setup_.directory.model(), state_.selected, setup_.description);
}

bool Trainer::stops_early() const {
  const std::int64_t patience = setup_.options.early_stopping_epochs;
  return patience > 0 && state_.best && state_.epoch - state_.best->epoch >= patience;
}

void Trainer::save() {
  expect_finite_network();
  state_.model = state_dict(*setup_.network);
  state_.optimizer = optimizer_.state();
  if (average_) state_.average = state_dict(average_->network());
  for (const auto& [split, record] : setup_.content_records) {
    state_.images.emplace(split, torch::tensor(record->hashes(), torch::kInt64));
  }
  write_checkpoint(setup_.directory.checkpoint(), state_);
  state_.model.clear();
  state_.optimizer.clear();
  state_.average.clear();
  state_.images.clear();
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
