#include <string>
#include <utility>
#include <vector>

#include <fovea/run/internal/training_session.h>

namespace fovea {
namespace {

const std::vector<Split> kSplits = {Split::train, Split::validation, Split::test};

/// Everything that the result depends on. A checkpoint resumes only with the same.
Json identity_of(OpenedExperiment& experiment, torch::Device device) {
  Json identity = result_defining(experiment.config());
  identity["images"] = experiment.data().training_images();
  identity["device"] = device.is_cpu() ? "cpu" : "cuda";
  return identity;
}

}  // namespace

WarningsOfRun::WarningsOfRun(RunObserver& observer) : receiver_(std::make_shared<Receiver>()) {
  receiver_->observer = &observer;
}

WarningsOfRun::~WarningsOfRun() {
  const std::lock_guard lock(receiver_->mutex);
  receiver_->observer = nullptr;
}

Warn WarningsOfRun::callback() const {
  return [receiver = receiver_](const std::string& text) {
    const std::lock_guard lock(receiver->mutex);
    if (receiver->observer != nullptr) receiver->observer->warn(text);
  };
}

TrainingSession::TrainingSession(const Experiment& described, torch::Device on_device, RunObserver& told)
    : device(on_device),
      observer(told),
      warnings(told),
      experiment(described.shared_config(), on_device, warnings.callback()),
      network(experiment.build_network()),
      training(experiment.data().training_loader()),
      validation(experiment.data().loader(Split::validation)),
      test(experiment.data().loader(Split::test)) {}

ImageCounts TrainingSession::images() {
  return {training.images(), experiment.data().has_validation() ? validation.images() : 0, test.images()};
}

DataSummary TrainingSession::summary() {
  return experiment.data().summary(kSplits);
}

void TrainingSession::check_data(int threads, const std::function<bool()>& stop_requested) {
  experiment.data().check(
      kSplits, threads, [&](const std::string& line) { observer.note(line); }, stop_requested);
}

Trainer TrainingSession::trainer(const RunDirectory& run, int threads, const std::function<bool()>& stop_requested) {
  const TrainOptions& options = experiment.config().train;
  return Trainer({.options = options,
                  .seed = static_cast<std::uint64_t>(experiment.config().seed),
                  .config = identity_of(experiment, device),
                  .description = experiment.description(),
                  .network = network,
                  .build = [this] { return experiment.build_network(); },
                  .train = training,
                  .validation = experiment.data().has_validation() ? &validation : nullptr,
                  .num_classes = experiment.input().num_classes,
                  .class_weights = options.class_weights.weights(experiment.data().training_images_per_class()),
                  .threads = threads,
                  .device = device,
                  .directory = run,
                  .observer = observer,
                  .stop_requested = stop_requested,
                  .content_records = experiment.data().content_records()});
}

}  // namespace fovea
