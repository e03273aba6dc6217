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
  /// Classes to explain, side by side: each a name or a unique part of it, a number or a WordNet ID. Empty: the predicted
  /// one.
  std::vector<std::string> classes = {};
  ColorMap color_map = ColorMap::inferno;
  std::optional<double> opacity = {};  ///< of the colours, in [0, 1]; none: 0.5
  /// Values of the first and the last colour; none: each map's minimum and maximum.
  std::optional<std::pair<double, double>> range = {};
  /// Length in pixels of the longer side to which pictures of smaller photos are enlarged at least, by a whole factor; 0:
  /// every picture has the photo's own size.
  int least_side = 0;
};

/// Caption of a photo in pictures.
struct PhotoCaption {
  std::string name = {};                   ///< e.g. of its file; may be empty
  std::optional<std::int64_t> truth = {};  ///< its true class, where that is known
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
  /// The photo's true class; None when it is not known.
  std::optional<ClassProbability> truth() const;
  /// The classes that were asked for, or the predicted one.
  std::vector<ClassProbability> classes() const;
  /// True when they were asked for.
  bool has_chosen_classes() const;
  /// The class that a map explains; the first of classes() for one that is that of all classes. @param map index of maps().
  ClassProbability explained(std::size_t map = 0) const;
  /// "run · network · attention · method".
  const std::string& title() const;
  /// Method, layers and classes as they were asked for, as a part of file names: "gradcam.layer3.5-dog+3-cat".
  const std::string& selection() const;

  /// One map for each layer and, where the method explains classes, each class, in the order of the forward pass: spatial,
  /// of channels, or glimpses.
  const std::vector<LayerMap>& maps() const;
  /// A map on the photo; none for channels and glimpses. @param map index of maps(). @throws InputError when there is no
  /// such map.
  const std::optional<PhotoMap>& on_photo(std::size_t map) const;
  /// A sentence about a map that explains nothing, see map_note(); empty for others. @param map index of maps().
  /// @throws InputError likewise.
  std::string note(std::size_t map) const;
  /// Glimpses in pixels of the photo; empty for a network that takes none.
  const std::vector<PhotoGlimpse>& glimpses() const;
  /// Glimpses on the network's input; none for a network that takes none.
  const std::optional<GlimpsePath>& glimpse_path() const;

  /// A map as colours over the photo, its glimpses with their path, or bars of channels(). A map that is the same at every
  /// position has no colours, unless a range gives them a meaning, nor has one with values that are not finite.
  /// @throws InputError likewise.
  Image picture(std::size_t map = 0) const;
  /// Bars of every layer that has a value per channel. @throws InputError when none has.
  Image channels() const;
  /// The glimpses with their patches and the class probabilities after each. @throws InputError without glimpses.
  Image panel() const;
  /// The panel as an animation, glimpse by glimpse.
  Animation animation() const;
  /// Small pictures for a contact sheet: the photo with its prediction, and each map on it, or, when there is none on the
  /// photo, the bars of each map of channels.
  std::vector<Tile> tiles() const;

 private:
  /// The photo at another size, with a map or glimpses.
  Image drawn_on(const Image& photo_at_size, std::size_t map) const;

  std::shared_ptr<const Content> content_;
};

/// Data of an overlay.
struct Overlay::Content {
  std::string method;
  std::string title;
  std::string selection;
  OverlayOptions options;
  std::shared_ptr<const ModelDescription> model;
  PhotoCaption caption;
  Image photo;
  Explanation explanation;
  std::vector<std::optional<PhotoMap>> on_photo;
  std::vector<PhotoGlimpse> glimpses;
};

}  // namespace fovea
