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

/// How often a glimpse network looks into the true box, in fractions.
struct BoxScores {
  std::optional<double> glimpses;               ///< in the box
  std::vector<std::optional<double>> per_step;  ///< of the glimpses of each step
  std::optional<double> random;                 ///< of glimpses at random locations
  std::optional<double> first_step;             ///< mean number, from 1, of the first one in the box
  std::optional<double> never;                  ///< of images
};

/// What a glimpse network's accuracy is worth: how it looks at images, and how well it does when it looks elsewhere.
struct GlimpseScores {
  /// Top-1 of the same weights at other fixations.
  struct Controls {
    std::optional<double> random, centre;
    std::optional<double> swapped;  ///< those of another image
  };

  std::int64_t glimpses = 0;  ///< of each image
  double pixels_read_fraction = 0;
  double pixels_touched_fraction = 0;
  Controls controls;
  std::vector<double> top1_per_step;
  std::vector<double> location_spread;
  bool collapsed = false;          ///< it looks at the same places of every image
  std::optional<BoxScores> boxes;  ///< where the data set knows the true boxes
};

/// None for a network that takes no glimpses. @param warn is told when the network looks at the same places of every image.
std::optional<GlimpseScores> glimpse_scores(Classifier& network, const Loader& loader, const EvaluationOptions& options,
                                            const Warn& warn);

/// The keys that these scores add to a network's others.
Json to_json(const GlimpseScores& scores);

}  // namespace fovea
