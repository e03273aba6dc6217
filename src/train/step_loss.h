#pragma once

#include <cstdint>
#include <vector>

namespace fovea {

/// Weights of the class losses after each step of a glimpse network.
enum class StepLoss {
  linear,  ///< proportional to the step's number from 0: 0 at the first step, the largest at the last
  last,    ///< 1 at the last step, else 0
};

/// One weight per step; they add up to 1. A single step has the weight 1. @param steps >= 1.
std::vector<double> step_weights(StepLoss loss, std::int64_t steps);

}  // namespace fovea
