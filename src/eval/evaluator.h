#pragma once

#include <cstdint>

#include <fovea/data/loader.h>
#include <fovea/eval/evaluation_options.h>
#include <fovea/eval/metrics.h>
#include <fovea/eval/scored_image.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Evaluates a classifier on every image of the loader, in evaluation mode and with one rollout of the policy's means. The
/// result does not depend on the number of threads. The network's mode is restored.
/// @param receive is called with every image that can be read, in the loader's order, in the calling thread. Its exceptions
/// pass through.
ClassificationMetrics evaluate(Classifier& classifier, const Loader& loader, std::int64_t num_classes,
                               const EvaluationOptions& options, const ReceiveScoredImage& receive = {});

/// Median seconds of a forward pass of one image in evaluation mode, after warm-up.
double single_image_seconds(Classifier& classifier, const InputSpec& input);

}  // namespace fovea
