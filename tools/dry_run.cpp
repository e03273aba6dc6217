#include "dry_run.h"

#include <cstdio>
#include <sys/resource.h>

#include <fovea/nn/multiply_adds.h>

#include "duration_text.h"

namespace fovea {
namespace {

constexpr double kSeconds = 5;

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

Json dry_run(Experiment& experiment, Trainer& trainer, Classifier& network) {
  ExperimentData& data = experiment.data();
  const auto images = [&](Split split) {
    return split == Split::validation && !data.has_validation() ? 0 : data.loader(split).images();
  };
  const std::int64_t macs = count_multiply_adds(network, experiment.input());
  const TrainingRehearsal rehearsal = trainer.rehearse(kSeconds);
  const double epoch_seconds = static_cast<double>(images(Split::train)) / rehearsal.images_per_second;
  return {{"images", {{"train", images(Split::train)}, {"val", images(Split::validation)}, {"test", images(Split::test)}}},
          {"parameters", count_parameters(network)},
          {"trained_parameters", count_trained_parameters(network)},
          {"macs", macs},
          {"memory_bytes", peak_memory()},
          {"updates", rehearsal.updates},
          {"images_per_second", rehearsal.images_per_second},
          {"epoch_seconds", epoch_seconds},
          {"seconds", epoch_seconds * static_cast<double>(experiment.config().train.epochs)}};
}

void print_dry_run(const Json& facts) {
  const auto count = [](const Json& number) { return number.get<long long>(); };
  const Json& images = facts["images"];
  std::printf("%-14s %lld for training, %lld for validation, %lld for the test\n", "images", count(images["train"]),
              count(images["val"]), count(images["test"]));
  std::printf("%-14s %lld, %lld of them trained\n", "parameters", count(facts["parameters"]),
              count(facts["trained_parameters"]));
  std::printf("%-14s %lld per image\n", "multiply-adds", count(facts["macs"]));
  std::printf("%-14s %lld MiB of main memory at most, %lld updates measured\n", "memory",
              count(facts["memory_bytes"]) / (1 << 20), count(facts["updates"]));
  std::printf("%-14s %.0f images/s: %s an epoch, %s in all, without validation\n", "speed",
              facts["images_per_second"].get<double>(), duration_text(facts["epoch_seconds"].get<double>()).c_str(),
              duration_text(facts["seconds"].get<double>()).c_str());
}

}  // namespace fovea
