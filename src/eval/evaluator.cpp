#include <algorithm>
#include <chrono>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/thread_team.h>
#include <fovea/base/torch_compat.h>
#include <fovea/eval/evaluator.h>
#include <fovea/nn/evaluation_mode.h>

namespace fovea {
namespace {

ClassificationMetrics score(Classifier& classifier, const Batch& batch, std::int64_t num_classes) {
  const torch::NoGradGuard no_grad;  // thread-local, so here and not around the team
  ForwardContext context;
  ClassificationMetrics metrics(num_classes);
  metrics.add(classifier.forward(batch, context).logits, batch.labels);
  return metrics;
}

}  // namespace

ClassificationMetrics evaluate(Classifier& classifier, const Loader& loader, std::int64_t num_classes,
                               const EvaluationOptions& options) {
  const EvaluationMode mode(classifier);
  const auto useful = std::clamp<std::int64_t>(options.threads, 1, std::max<std::int64_t>(1, loader.batches()));
  ThreadTeam team(static_cast<int>(useful), compat::use_one_operator_thread);
  ClassificationMetrics total(num_classes);
  BatchStream stream = loader.epoch(0);
  std::vector<Batch> batches;
  const auto score_batches = [&] {
    std::vector<ClassificationMetrics> scores(batches.size(), ClassificationMetrics(num_classes));
    team.run(std::ssize(batches), [&](std::int64_t i) {
      const auto index = static_cast<std::size_t>(i);
      scores[index] = score(classifier, batches[index].to(options.device), num_classes);
    });
    for (const ClassificationMetrics& metrics : scores) total.add(metrics);  // in order: sums of floats are not associative
    batches.clear();
    if (options.stop_requested && options.stop_requested()) throw Interrupted("evaluation stopped");
  };
  while (auto batch = stream.next()) {
    if (batch->size() == 0) continue;  // every image of it was left out
    batches.push_back(std::move(*batch));
    if (std::ssize(batches) >= team.threads()) score_batches();
  }
  score_batches();
  return total;
}

double single_image_seconds(Classifier& classifier, const InputSpec& input, torch::Device device) {
  constexpr int kWarmUp = 3;
  constexpr int kRuns = 21;
  const EvaluationMode mode(classifier);
  const torch::NoGradGuard no_grad;
  Batch batch;
  batch.images = torch::zeros({1, input.channels, input.height, input.width}, torch::TensorOptions(device));
  std::vector<double> seconds;
  for (int run = 0; run < kWarmUp + kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    ForwardContext context;
    classifier.forward(batch, context).logits.to(torch::kCPU);  // waits for the device
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (run >= kWarmUp) seconds.push_back(elapsed.count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  return seconds[kRuns / 2];
}

}  // namespace fovea
