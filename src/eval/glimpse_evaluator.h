#pragma once

#include <fovea/data/loader.h>
#include <fovea/eval/box_hits.h>
#include <fovea/eval/evaluation_options.h>
#include <fovea/eval/fraction.h>
#include <fovea/eval/glimpse_metrics.h>
#include <fovea/eval/paired_counts.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Evaluation of a glimpse network: metrics of its fixations, and control accuracies with other fixations. The learned
/// locations matter when the controls are lower.
struct GlimpseEvaluation {
  GlimpseMetrics learned;  ///< one rollout with the policy's means
  Fraction chosen;         ///< top-1 with these locations
  Fraction random;         ///< top-1 with random locations
  BoxHits random_hits;     ///< box hits of the random locations, as a control of `learned.box_hits()`
  Fraction centre;         ///< top-1 with all locations at the centre
  /// Top-1 with the locations of another image, half a batch away because neighbours may be similar. Images that are alone
  /// in their batch do not count.
  Fraction swapped;
  PairedCounts against_random;   ///< the learned locations first, then random ones
  PairedCounts against_swapped;  ///< likewise, then those of another image

  /// Adds the scores of other images.
  void add(const GlimpseEvaluation& other);
};

/// Evaluates a glimpse network on every image of the loader, with four passes in evaluation mode. The result does not depend
/// on the number of threads, and the random locations are the same in each call. The network's mode is restored.
/// @throws ShapeError for a network without trajectory.
GlimpseEvaluation evaluate_glimpses(Classifier& classifier, const Loader& loader, const EvaluationOptions& options);

}  // namespace fovea
