#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/data/preprocess.h>
#include <fovea/explain/method.h>
#include <fovea/run/model.h>
#include <fovea/run/overlay.h>

namespace fovea {

/// A method, and the layers of a network for which it has maps; their values are those of an input of zeros.
struct MethodLayers {
  const MethodRow* method = nullptr;
  std::vector<LayerMap> layers;
};

/// {method, layer, kind, shape} of each layer, with the kind spatial, channel or glimpses.
Json to_json(const MethodLayers& found);

/// Layers of a method, or, for "auto", of every method that has a map of the model, in the order of method_registry().
/// @throws InputError when there is no such map.
std::vector<MethodLayers> list_overlay_layers(const Model& model, const std::string& method);

/// Draws attention or explanation maps of a model over any number of photos.
class Overlayer {
 public:
  /// @throws InputError when the options do not fit each other or the model.
  explicit Overlayer(const Model& model, const OverlayOptions& options = {});

  const Model& model() const { return model_; }
  const MethodRow& method() const { return *method_; }
  /// A sentence when method `auto` is another one than without the classes or layers that were asked for; otherwise empty.
  const std::string& reason() const { return reason_; }
  /// Number of tiles of each photo: see Overlay::tiles().
  std::int64_t tiles_per_photo() const { return tiles_per_photo_; }
  /// See Overlay::title() and Overlay::selection().
  const std::string& title() const { return title_; }
  const std::string& selection() const { return selection_; }

  /// @param caption of the photo in pictures. May be called from several threads.
  /// @throws InputError when the photo is smaller than the network's crop, or too large to draw on.
  Overlay operator()(Image photo, const PhotoCaption& caption = {}) const;

 private:
  Model model_;
  OverlayOptions options_;
  const MethodRow* method_;
  std::string reason_;
  Preprocess preprocess_;
  std::vector<std::int64_t> targets_;
  LayerFilter wanted_;
  std::int64_t tiles_per_photo_ = 1;
  std::string title_;
  std::string selection_;
};

}  // namespace fovea
