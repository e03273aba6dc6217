#pragma once

#include <fovea/run/glimpse_scores.h>

namespace fovea {

/// Prints the scores of a glimpse network, a line or two each.
void print_glimpse_scores(const GlimpseScores& scores);

}  // namespace fovea
