#pragma once

#include <cstdint>
#include <functional>

#include <fovea/data/loader.h>
#include <fovea/eval/metrics.h>
#include <fovea/nn/classifier.h>

namespace fovea {

struct EvaluationOptions {
  int threads = 1;  ///< each scores whole batches
  torch::Device device = torch::kCPU;
  std::function<bool()> stop_requested = {};  ///< asked now and then; true ends the evaluation with Interrupted
};

/// Scores every image that the loader gives in evaluation mode. The result does not depend on the number of threads. The
/// network's mode is as before afterwards.
ClassificationMetrics evaluate(Classifier& classifier, const Loader& loader, std::int64_t num_classes,
                               const EvaluationOptions& options);

/// Median seconds of a forward pass of one image in evaluation mode, after warm-up.
double single_image_seconds(Classifier& classifier, const InputSpec& input, torch::Device device);

}  // namespace fovea
