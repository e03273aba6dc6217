#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/data/loader.h>
#include <fovea/eval/evaluation_options.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/experiment_data.h>

namespace fovea {

/// Hits of a glimpse network in the true box, in fractions of [0, 1].
struct BoxScores {
  std::optional<double> glimpses;               ///< of all glimpses
  std::vector<std::optional<double>> per_step;  ///< [T] of the glimpses of each step
  std::optional<double> random;                 ///< of glimpses at random locations
  std::optional<double> first_step;             ///< mean step, from 1, of the first glimpse in the box
  std::optional<double> never;                  ///< of images without a glimpse in the box
};

/// Scores of a glimpse network's fixations, and its accuracy at other fixations as controls. See GlimpseMetrics.
struct GlimpseScores {
  /// Top-1 of the same weights at other fixations.
  struct Controls {
    std::optional<double> random, centre;
    std::optional<double> swapped;  ///< fixations of another image
  };

  std::int64_t glimpses = 0;  ///< of each image
  double pixels_read_fraction = 0;
  double pixels_touched_fraction = 0;
  Controls controls;
  std::vector<double> top1_per_step;    ///< [T]
  std::vector<double> location_spread;  ///< [T] in units of [-1, 1]
  bool collapsed = false;               ///< the chosen locations are the same for every image
  std::optional<BoxScores> boxes;       ///< of a data set with true boxes
};

/// None for a network that takes no glimpses. @param warn is called when the locations are the same for every image, or no
/// better than random or another image's.
std::optional<GlimpseScores> glimpse_scores(Classifier& network, const Loader& loader, const EvaluationOptions& options,
                                            const Warn& warn);

/// The keys that these scores add to a report.
Json to_json(const GlimpseScores& scores);

}  // namespace fovea
