#include <algorithm>
#include <chrono>
#include <vector>

#include <fovea/eval/evaluator.h>
#include <fovea/eval/internal/score_batches.h>
#include <fovea/nn/class_scores.h>

namespace fovea {

ClassificationMetrics evaluate(Classifier& classifier, const Loader& loader, std::int64_t num_classes,
                               const EvaluationOptions& options) {
  const ClassificationMetrics none(num_classes);
  return score_batches(classifier, loader, options, none, [&](const Batch& batch, ForwardContext context) {
    ClassificationMetrics metrics = none;
    const torch::Tensor logits = classifier.classify(batch, context).logits;
    expect_class_scores(logits, classifier);
    metrics.add(logits, batch.labels);
    return metrics;
  });
}

double single_image_seconds(Classifier& classifier, const InputSpec& input) {
  constexpr int kWarmUp = 3;
  constexpr int kRuns = 21;
  const EvaluationMode mode(classifier);
  const torch::NoGradGuard no_grad;
  const Batch batch = blank_image(classifier, input);
  std::vector<double> seconds;
  for (int run = 0; run < kWarmUp + kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    ForwardContext context;
    classifier.classify(batch, context).logits.to(torch::kCPU);  // waits for the device
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (run >= kWarmUp) seconds.push_back(elapsed.count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  return seconds[kRuns / 2];
}

}  // namespace fovea
