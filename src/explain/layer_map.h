#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/explain/glimpse_path.h>
#include <fovea/nn/forward_hooks.h>

namespace fovea {

/// What one layer has to show of one image: a map over the image plane, one value per channel, or the windows of glimpses.
struct LayerMap {
  std::string layer;  ///< name of the module, as in the root's named_modules()
  Meaning meaning = Meaning::gate;
  torch::Tensor values;  ///< float32 on the CPU: [H, W] of cells, [C] of channels, or GlimpsePath::windows
  /// [2, 3]: from the map's (x, y, 1), x and y in [-1, 1] between the outer cell edges, to the network input's. Undefined
  /// when the map covers the input as it is.
  torch::Tensor theta = {};

  bool is_spatial() const { return values.dim() == 2; }
  bool is_channels() const { return values.dim() == 1; }
};

/// What a classifier says about one image, and where that came from.
struct Explanation {
  std::vector<double> probabilities;                   ///< one per class, summing to one
  std::int64_t predicted = 0;                          ///< the most probable class
  std::int64_t explained = 0;                          ///< the class that the maps are about; methods without one ignore it
  std::vector<LayerMap> maps;                          ///< in the order of the forward pass
  std::optional<GlimpsePath> glimpses = std::nullopt;  ///< when they are one of the maps
};

}  // namespace fovea
