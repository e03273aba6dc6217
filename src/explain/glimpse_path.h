#pragma once

#include <torch/torch.h>

namespace fovea {

/// Glimpses of one image, on the CPU: T glimpses of S scales. See GlimpseTrajectory.
struct GlimpsePath {
  torch::Tensor locations;      ///< float64 [T, 2]: (x, y) in normalised coordinates of the network input
  torch::Tensor windows;        ///< float64 [T, S, 4]: centre x, y, half width, half height, in the same units; finest first
  torch::Tensor patches;        ///< float32 [T, S, C, G, G] in [0, 1], without normalisation
  torch::Tensor probabilities;  ///< float64 [T, K], class probabilities after each glimpse
};

}  // namespace fovea
