#pragma once

#include <torch/torch.h>

namespace fovea {

/// What a glimpse network did with one image, on the CPU: T glimpses of S scales. See GlimpseTrajectory.
struct GlimpsePath {
  torch::Tensor locations;      ///< float64 [T, 2]: (x, y) in [-1, 1] between the outer pixel edges of the network's input
  torch::Tensor windows;        ///< float64 [T, S, 4]: centre x, y, half width, half height, in the same units; finest first
  torch::Tensor patches;        ///< float32 [T, S, C, G, G] in [0, 1]: what the network saw, normalisation undone
  torch::Tensor probabilities;  ///< float64 [T, K] of the classes after each glimpse
};

}  // namespace fovea
