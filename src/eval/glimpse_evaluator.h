#pragma once

#include <fovea/data/loader.h>
#include <fovea/eval/box_hits.h>
#include <fovea/eval/evaluation_options.h>
#include <fovea/eval/glimpse_metrics.h>
#include <fovea/eval/share.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// How a glimpse network looks at images, and what its accuracy is when it looks elsewhere: a network whose choices are
/// worth something is worse then.
struct GlimpseEvaluation {
  GlimpseMetrics learned;  ///< one rollout with the policy's mean
  Share random;            ///< right with locations drawn without looking
  BoxHits random_hits;     ///< what chance alone brings of `learned.box_hits()`
  Share centre;            ///< right when it looks at the centre only
  /// Right with the locations of another image, half a batch away, as neighbours may be alike. Without images that are alone
  /// in their batch.
  Share swapped;

  /// Adds the scores of other images.
  void add(const GlimpseEvaluation& other);
};

/// Scores a glimpse network on every image that the loader gives, by four passes in evaluation mode. The result does not
/// depend on the number of threads, and each time the random locations are the same. The network's mode is as before
/// afterwards. @throws ShapeError when the network takes no glimpses.
GlimpseEvaluation evaluate_glimpses(Classifier& classifier, const Loader& loader, const EvaluationOptions& options);

}  // namespace fovea
