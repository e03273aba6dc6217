#pragma once

#include <fovea/config/config_node.h>
#include <fovea/data/loader.h>
#include <fovea/eval/evaluation_options.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/experiment_data.h>

namespace fovea {

/// What a glimpse network's accuracy is worth, as keys for its scores: how it looks at images, and how well it does when it
/// looks elsewhere. No keys for any other network.
/// @param warn is told when the network looks at the same places of every image.
Json glimpse_scores(Classifier& network, const Loader& loader, const EvaluationOptions& options, const Warn& warn);

/// Prints these keys, a line or two of text for each, if the scores have them.
void print_glimpse_scores(const Json& scores);

}  // namespace fovea
