#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <fovea/eval/evaluator.h>
#include <fovea/eval/internal/class_scores.h>
#include <fovea/eval/internal/score_batches.h>
#include <fovea/nn/finite_values.h>

namespace fovea {

namespace {

/// Metrics, with the scores of the latest batch for a receiver.
struct ReceivedScores {
  ClassificationMetrics metrics;
  const Loader* loader;
  const ReceiveScoredImage* receive;
  torch::Tensor log_scores = {};  ///< [N, K]; undefined when nobody receives the images
  torch::Tensor labels = {};      ///< [N]
  std::vector<std::int64_t> positions = {};

  void score(const torch::Tensor& logits, const Batch& batch) {
    metrics.add(logits, batch.labels);
    if (!*receive) return;
    log_scores = log_probabilities(logits);
    labels = batch.labels.to(torch::kCPU, torch::kInt64);
    positions = batch.positions;
  }

  /// Adds a batch, and passes on its images. Batches are added in order.
  void add(const ReceivedScores& batch) {
    metrics.add(batch.metrics);
    if (*receive) batch.pass_on();
  }

  void pass_on() const {
    const auto probabilities = log_scores.exp();
    const auto classes = probabilities.size(1);
    const auto scores = log_scores.accessor<double, 2>();
    const auto truth = labels.accessor<std::int64_t, 1>();
    for (std::int64_t n = 0; n < probabilities.size(0); ++n) {
      const std::int64_t position = positions[static_cast<std::size_t>(n)];
      (*receive)({.position = position,
                  .path = loader->path(position),
                  .label = truth[n],
                  .predicted = highest_class(scores[n]),
                  .probabilities = {probabilities.data_ptr<double>() + n * classes, static_cast<std::size_t>(classes)}});
    }
  }
};

}  // namespace

ClassificationMetrics evaluate(Classifier& classifier, const Loader& loader, std::int64_t num_classes,
                               const EvaluationOptions& options, const ReceiveScoredImage& receive) {
  const ReceivedScores none{ClassificationMetrics(num_classes), &loader, &receive};
  return score_batches(classifier, loader, options, none,
                       [&](const Batch& batch, ForwardContext context) {
                         const torch::Tensor logits = classifier.classify(batch, context).logits;
                         expect_class_scores(logits, classifier);
                         ReceivedScores scores = none;
                         scores.score(logits, batch);
                         return scores;
                       })
      .metrics;
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
