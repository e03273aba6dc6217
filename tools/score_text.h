#pragma once

#include <fovea/run/glimpse_scores.h>

namespace fovea {

/// Prints how a glimpse network looks at images, a line or two for each number.
void print_glimpse_scores(const GlimpseScores& scores);

}  // namespace fovea
