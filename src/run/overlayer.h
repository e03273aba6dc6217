#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/data/preprocess.h>
#include <fovea/explain/method.h>
#include <fovea/run/model.h>
#include <fovea/run/overlay.h>

namespace fovea {

/// A method, and every layer of a network that it can show; values are of an input of zeros.
struct MethodLayers {
  const MethodRow* method = nullptr;
  std::vector<LayerMap> layers;
};

/// @param method of method_registry(), or "auto". @throws InputError when it has nothing to show of the model.
MethodLayers list_overlay_layers(const Model& model, const std::string& method);

/// Draws what a model looked at, in any number of photos.
class Overlayer {
 public:
  /// @throws InputError when the options do not fit each other or the model.
  explicit Overlayer(const Model& model, const OverlayOptions& options = {});

  const MethodRow& method() const { return *method_; }
  /// Tiles of each photo: one of the photo, and one of each layer that lies on it.
  std::int64_t tiles_per_photo() const { return 1 + layers_on_photo_; }

  /// @param caption what pictures call the photo. May be called from several threads.
  /// @throws InputError when the photo is smaller than the network's crop, or too large to draw on.
  Overlay operator()(Image photo, const std::string& caption = "") const;

 private:
  Model model_;
  OverlayOptions options_;
  const MethodRow* method_;
  Preprocess preprocess_;
  std::optional<std::int64_t> target_;
  LayerFilter wanted_;
  std::int64_t layers_on_photo_ = 0;
};

}  // namespace fovea
