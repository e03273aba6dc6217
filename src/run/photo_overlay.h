#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/data/preprocess.h>
#include <fovea/draw/contact_sheet.h>
#include <fovea/explain/method.h>
#include <fovea/image/color_map.h>
#include <fovea/run/image_arguments.h>
#include <fovea/run/open_model.h>

namespace fovea {

/// How `fovea overlay` draws.
struct OverlaySettings {
  ColorMap color_map = ColorMap::inferno;
  std::optional<double> opacity;                   ///< of the colours; nothing: 0.5
  std::optional<std::pair<double, double>> range;  ///< of the colours; nothing: each map's own lowest and highest value
  std::optional<std::int64_t> target;              ///< class to explain; nothing: the predicted one
  bool maps = false;                               ///< write the raw maps too
  std::string folder;
};

/// What came of one photo.
struct PhotoOverlay {
  Json entries = Json::array();  ///< one per layer; see contract of `overlay --json`
  std::vector<Tile> tiles;       ///< small: the photo with its prediction, and what each layer shows on it
};

/// Draws what layers of a network show of photos, one at a time, each into files of its own.
class PhotoOverlayer {
 public:
  /// @param layers what list_layers() gave for the method, as far as it is wanted. References must outlive this.
  PhotoOverlayer(const OpenedModel& opened, const MethodRow& method, const std::vector<LayerMap>& layers,
                 OverlaySettings settings, torch::Device device);

  /// Writes the pictures of one photo. May be called from several threads. @throws InputError when the photo cannot be read.
  PhotoOverlay operator()(const ImageArgument& image) const;

  /// Of the tiles of each photo.
  std::int64_t tiles_per_photo() const { return 1 + layers_on_photo_; }

 private:
  class Drawing;

  const OpenedModel& opened_;
  const MethodRow& method_;
  OverlaySettings settings_;
  torch::Device device_;
  Preprocess preprocess_;
  LayerFilter wanted_;
  std::int64_t layers_on_photo_ = 0;
};

inline constexpr int kTileSide = 224;

}  // namespace fovea
