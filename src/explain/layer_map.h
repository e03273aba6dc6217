#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/explain/glimpse_path.h>
#include <fovea/nn/forward_hooks.h>

namespace fovea {

/// Map of one layer for one image: values over the image plane, one value per channel, or the windows of glimpses.
struct LayerMap {
  std::string layer;  ///< name of the module, as in the root's named_modules()
  Meaning meaning = Meaning::gate;
  torch::Tensor values;  ///< float32 on the CPU: [H, W], [C], or GlimpsePath::windows
  /// Affine transform [2, 3] from normalised coordinates (x, y, 1) of the map to those of the network input. Undefined for
  /// the identity.
  torch::Tensor theta = {};

  bool is_spatial() const { return values.dim() == 2; }
  bool is_channels() const { return values.dim() == 1; }
};

/// Prediction for one image, with its maps.
struct Explanation {
  std::vector<double> probabilities;  ///< one per class, summing to one
  std::int64_t predicted = 0;         ///< the most probable class
  std::int64_t explained = 0;         ///< class that the maps explain; ignored by methods that are not class-specific
  std::vector<LayerMap> maps;         ///< in the order of the forward pass
  std::optional<GlimpsePath> glimpses = std::nullopt;  ///< of a glimpse network
};

}  // namespace fovea
