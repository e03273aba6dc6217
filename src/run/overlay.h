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

/// What an overlay shows, and how.
struct OverlayOptions {
  std::string method = "auto";  ///< of method_registry(); auto: the first that has something to show on a photo
  std::vector<std::string> layers =
      {};                         ///< modules with everything below them, or "all"; none: the last, on the photo if any
  std::string target_class = {};  ///< to explain, by name or number; empty: the predicted one
  ColorMap color_map = ColorMap::inferno;
  std::optional<double> opacity = {};                   ///< of the colours, in [0, 1]; none: 0.5
  std::optional<std::pair<double, double>> range = {};  ///< values of the first and the last colour; none: each map's own
};

/// What layers of a network show of one photo: maps, and pictures that are drawn when they are asked for.
class Overlay {
 public:
  struct Content;
  explicit Overlay(std::shared_ptr<const Content> content);

  /// "gradcam".
  const std::string& method() const;
  /// RGB, upright.
  const Image& photo() const;
  ClassProbability predicted() const;
  /// The class that the maps are about: the predicted one where the method explains none.
  ClassProbability explained() const;

  /// One for each layer, in the order of the forward pass: over the image plane, over channels, or glimpses.
  const std::vector<LayerMap>& maps() const;
  /// Where a map lies on the photo; none for channels and glimpses.
  const std::optional<PhotoMap>& on_photo(std::size_t layer) const;
  /// Of a network that takes glimpses, in pixels of the photo.
  const std::vector<PhotoGlimpse>& glimpses() const;
  /// The same as they lie on the network's input; none without glimpses.
  const std::optional<GlimpsePath>& glimpse_path() const;

  /// A layer's map as colours over the photo, its glimpses with their path, or bars of channels().
  Image picture(std::size_t layer = 0) const;
  /// Bars of every layer that has a value per channel. @throws InputError when none has.
  Image channels() const;
  /// The glimpses with what the network saw in each and thought after it. @throws InputError without glimpses.
  Image panel() const;
  /// The same glimpse by glimpse.
  Animation animation() const;
  /// Small: the photo with its prediction, and what each layer shows on it. For a contact sheet.
  std::vector<Tile> tiles() const;

 private:
  std::shared_ptr<const Content> content_;
};

/// Everything that an overlay is drawn from.
struct Overlay::Content {
  std::string method;
  bool explains_class = false;
  OverlayOptions options;
  std::shared_ptr<const ModelDescription> model;
  std::string caption;  ///< what pictures call the photo; may be empty
  Image photo;
  Explanation explanation;
  std::vector<std::optional<PhotoMap>> on_photo;
  std::vector<PhotoGlimpse> glimpses;
};

}  // namespace fovea
