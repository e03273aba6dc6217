#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fovea/draw/animation.h>
#include <fovea/draw/contact_sheet.h>
#include <fovea/explain/layer_map.h>
#include <fovea/explain/photo_glimpses.h>
#include <fovea/explain/photo_map.h>
#include <fovea/image/color_map.h>
#include <fovea/image/image.h>
#include <fovea/run/prediction.h>
#include <fovea/weights/model_file.h>

namespace fovea {

/// Options of an overlay.
struct OverlayOptions {
  /// Of method_registry(), or "auto": the first with a map on the photo.
  std::string method = "auto";
  /// Modules with their submodules, or "all"; empty: the last layer, with a spatial map if there is one.
  std::vector<std::string> layers = {};
  std::string target_class = {};  ///< class to explain, see find_class(); empty: the predicted one
  ColorMap color_map = ColorMap::inferno;
  std::optional<double> opacity = {};  ///< of the colours, in [0, 1]; none: 0.5
  /// Values of the first and the last colour; none: each map's minimum and maximum.
  std::optional<std::pair<double, double>> range = {};
};

/// Maps of a network's layers for one photo. Pictures of them are drawn on demand.
class Overlay {
 public:
  struct Content;
  explicit Overlay(std::shared_ptr<const Content> content);

  /// Name of the method, e.g. "gradcam".
  const std::string& method() const;
  /// The photo: RGB, upright.
  const Image& photo() const;
  ClassProbability predicted() const;
  /// The class that the maps explain; the predicted one where the method explains none.
  ClassProbability explained() const;

  /// One map for each layer, in the order of the forward pass: spatial, of channels, or glimpses.
  const std::vector<LayerMap>& maps() const;
  /// The map of a layer on the photo; none for channels and glimpses. @param layer index of maps(). @throws InputError when
  /// there is no such layer.
  const std::optional<PhotoMap>& on_photo(std::size_t layer) const;
  /// Glimpses in pixels of the photo; empty for a network that takes none.
  const std::vector<PhotoGlimpse>& glimpses() const;
  /// Glimpses on the network's input; none for a network that takes none.
  const std::optional<GlimpsePath>& glimpse_path() const;

  /// A layer's map as colours over the photo, its glimpses with their path, or bars of channels(). @throws InputError
  /// likewise.
  Image picture(std::size_t layer = 0) const;
  /// Bars of every layer that has a value per channel. @throws InputError when none has.
  Image channels() const;
  /// The glimpses with their patches and the class probabilities after each. @throws InputError without glimpses.
  Image panel() const;
  /// The panel as an animation, glimpse by glimpse.
  Animation animation() const;
  /// Small pictures for a contact sheet: the photo with its prediction, and each layer's map on it.
  std::vector<Tile> tiles() const;

 private:
  std::shared_ptr<const Content> content_;
};

/// Data of an overlay.
struct Overlay::Content {
  std::string method;
  bool explains_class = false;
  OverlayOptions options;
  std::shared_ptr<const ModelDescription> model;
  std::string caption;  ///< of the photo in pictures; may be empty
  Image photo;
  Explanation explanation;
  std::vector<std::optional<PhotoMap>> on_photo;
  std::vector<PhotoGlimpse> glimpses;
};

}  // namespace fovea
