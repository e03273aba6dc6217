#include <chrono>
#include <cstdio>
#include <sys/resource.h>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/run/dry_run.h>

namespace fovea {
namespace {

constexpr double kSeconds = 5;
constexpr std::int64_t kBatchesPerThread = 2;  // of evaluation: as many at once as there are threads

/// The most memory this process has held, in bytes.
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

}  // namespace

std::optional<Json> dry_run(Experiment& experiment, Trainer& trainer, Classifier& network,
                            const EvaluationOptions& evaluation) {
  ExperimentData& data = experiment.data();
  const auto images = [&](Split split) {
    return split == Split::validation && !data.has_validation() ? 0 : data.loader(split).images();
  };
  const std::int64_t macs = count_multiply_adds(network, experiment.input());
  const TrainingRehearsal rehearsal = trainer.rehearse(kSeconds);
  if (rehearsal.interrupted) return std::nullopt;
  double scored_per_second = 0;
  try {
    const Loader loader = data.loader(Split::test, evaluation.threads * kBatchesPerThread);
    const auto start = std::chrono::steady_clock::now();
    evaluate(network, loader, experiment.input().num_classes, evaluation);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    scored_per_second = static_cast<double>(loader.images()) / seconds.count();
  } catch (const Interrupted&) {
    return std::nullopt;
  }
  const double epoch_seconds = static_cast<double>(images(Split::train)) / rehearsal.images_per_second +
                               static_cast<double>(images(Split::validation)) / scored_per_second;
  return Json{
      {"images", {{"train", images(Split::train)}, {"val", images(Split::validation)}, {"test", images(Split::test)}}},
      {"parameters", count_parameters(network)},
      {"trained_parameters", count_trained_parameters(network)},
      {"macs", macs},
      {"memory_bytes", peak_memory()},
      {"updates", rehearsal.updates},
      {"images_per_second", rehearsal.images_per_second},
      {"evaluation_images_per_second", scored_per_second},
      {"epoch_seconds", epoch_seconds},
      {"seconds", epoch_seconds * static_cast<double>(experiment.config().train.epochs)}};
}

void print_dry_run(const Json& facts) {
  const auto count = [](const Json& number) { return number.get<long long>(); };
  const auto real = [&](const char* key) { return facts[key].get<double>(); };
  const Json& images = facts["images"];
  const bool warm = facts["updates"] > 1;
  std::printf("%-14s %lld for training, %lld for validation, %lld for the test\n", "images", count(images["train"]),
              count(images["val"]), count(images["test"]));
  std::printf("%-14s %lld, %lld of them trained\n", "parameters", count(facts["parameters"]),
              count(facts["trained_parameters"]));
  std::printf("%-14s %lld per image\n", "multiply-adds", count(facts["macs"]));
  std::printf("%-14s %lld MiB of main memory\n", "memory", count(facts["memory_bytes"]) / (1 << 20));
  std::printf("%-14s %.0f images/s in training, %.0f in evaluation%s\n", "speed", real("images_per_second"),
              real("evaluation_images_per_second"), warm ? "" : " (of a first update, which warms up: there is only one)");
  std::printf("%-14s %s an epoch, %s in all\n", "time", duration_text(real("epoch_seconds")).c_str(),
              duration_text(real("seconds")).c_str());
}

}  // namespace fovea
