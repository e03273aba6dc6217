#pragma once

#include <cstdint>
#include <vector>

namespace fovea {

/// How much the class scores after each of a network's steps count in its loss.
enum class StepLoss {
  rising,  ///< from nothing at the first step, linearly, to the most at the last
  last,    ///< the last step alone
};

/// A weight per step; they add up to 1. @param steps >= 1. A single step counts whatever its place.
std::vector<double> step_weights(StepLoss loss, std::int64_t steps);

}  // namespace fovea
