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
  std::optional<std::int64_t> label = {};  ///< class that the map explains; None for a map that is that of all classes

  bool is_spatial() const { return values.dim() == 2; }
  bool is_channels() const { return values.dim() == 1; }
};

/// Prediction for one image, with its maps.
struct Explanation {
  std::vector<double> probabilities;    ///< one per class, summing to one
  std::int64_t predicted = 0;           ///< the most probable class
  std::vector<std::int64_t> explained;  ///< the classes asked for, or the predicted one
  /// In the order of the forward pass; the maps of a layer for several classes follow one another.
  std::vector<LayerMap> maps;
  std::optional<GlimpsePath> glimpses = std::nullopt;  ///< of a glimpse network
};

}  // namespace fovea
