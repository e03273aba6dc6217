#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/draw/canvas.h>
#include <fovea/options/names.h>
#include <fovea/options/ranges.h>
#include <fovea/run/internal/class_lookup.h>
#include <fovea/run/internal/prepared_photo.h>
#include <fovea/run/overlayer.h>

namespace fovea {
namespace {

bool has_spatial(const std::vector<LayerMap>& layers) {
  return std::any_of(layers.begin(), layers.end(), [](const LayerMap& layer) { return layer.is_spatial(); });
}

/// `auto`: the first method with a map on the photo.
std::optional<MethodLayers> automatic_method(const Model& model) {
  for (const MethodRow& method : method_registry()) {
    const std::vector<LayerMap>& layers = model.layers(method.name);
    const auto is_on_photo = [](const LayerMap& layer) { return !layer.is_channels(); };
    if (std::any_of(layers.begin(), layers.end(), is_on_photo)) return MethodLayers{&method, layers};
  }
  return std::nullopt;
}

/// Names end at dots: layer1 is part of layer1.0, and not of layer10.
bool is_part_of(const std::string& layer, const std::string& module) {
  return layer == module || (layer.starts_with(module) && layer[module.size()] == '.');
}

/// The chosen layers: modules with their submodules, or `all`; without a choice the last one, spatial if there is one.
std::vector<LayerMap> choose_layers(const MethodLayers& method, const std::vector<std::string>& wanted) {
  if (wanted.empty()) {
    const auto last = std::find_if(method.layers.rbegin(), method.layers.rend(),
                                   [&](const LayerMap& layer) { return layer.is_spatial() || !has_spatial(method.layers); });
    return {*last};
  }
  std::vector<bool> chosen(method.layers.size(), false);
  for (const std::string& name : wanted) {
    bool found = false;
    for (std::size_t i = 0; i < method.layers.size(); ++i) {
      if (name != "all" && !is_part_of(method.layers[i].layer, name)) continue;
      chosen[i] = found = true;
    }
    if (found) continue;
    std::vector<std::string> names;
    for (const LayerMap& layer : method.layers) names.push_back(layer.layer);
    const std::string nearest = nearest_name(name, names);
    throw InputError("layer", "a layer that " + method.method->name + " can show", "'" + name + "'",
                     nearest.empty() ? "list the layers to see their names" : "did you mean '" + nearest + "'?");
  }
  std::vector<LayerMap> layers;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) layers.push_back(method.layers[i]);
  }
  return layers;
}

void expect_valid(const OverlayOptions& options) {
  if (options.opacity && !contains(kFraction, *options.opacity)) {
    throw InputError("opacity", describe(kFraction), std::to_string(*options.opacity));
  }
  if (!options.range) return;
  const auto [low, high] = *options.range;
  if (low < high && std::isfinite(high - low)) return;
  throw InputError("range", "two finite numbers, the lower one first", std::to_string(low) + " and " + std::to_string(high));
}

/// Range and opacity need a spatial map.
void expect_colors_used(const OverlayOptions& options, const std::vector<LayerMap>& layers) {
  if (has_spatial(layers) || (!options.range && !options.opacity)) return;
  throw InputError(options.range ? "range" : "opacity", "a layer with a spatial map", layers.back().layer, "remove it");
}

/// @throws InputError when the photo is too large for the pictures of glimpses.
void expect_drawable(const Image& photo) {
  if (std::max(photo.height, photo.width) <= kMaximumCanvasSide) return;
  throw InputError("expected sides of at most " + std::to_string(kMaximumCanvasSide) + " pixels to draw glimpses on, got " +
                   std::to_string(photo.height) + " x " + std::to_string(photo.width) + "; make the photo smaller");
}

const char* kind_of(const LayerMap& layer) {
  return layer.is_spatial() ? "spatial" : layer.is_channels() ? "channel" : "glimpses";
}

}  // namespace

Json to_json(const MethodLayers& found) {
  Json rows = Json::array();
  for (const LayerMap& layer : found.layers) {
    rows.push_back({{"method", found.method->name},
                    {"layer", layer.layer},
                    {"kind", kind_of(layer)},
                    {"shape", layer.values.sizes().vec()}});
  }
  return rows;
}

MethodLayers list_overlay_layers(const Model& model, const std::string& method) {
  if (method != "auto") {
    MethodLayers found{&find_method(method, "method"), model.layers(method)};
    if (!found.layers.empty()) return found;
  }
  std::optional<MethodLayers> automatic = automatic_method(model);
  if (method == "auto" && automatic) return *std::move(automatic);
  throw InputError("method " + method, "a network with a layer that it can show", "one without",
                   automatic ? "use method " + automatic->method->name : "no method can show this network");
}

Overlayer::Overlayer(const Model& model, const OverlayOptions& options)
    : model_(model), options_(options), preprocess_(model.description().preprocess) {
  const MethodLayers available = list_overlay_layers(model, options.method);
  method_ = available.method;
  expect_valid(options);
  if (!options.target_class.empty()) target_ = find_class(options.target_class, model.classes());
  if (target_ && !method_->explains_class) {
    throw InputError("class", "a method that explains one class", method_->name,
                     "the network's own attention is the same for all classes; use method gradcam");
  }
  const std::vector<LayerMap> layers = choose_layers(available, options.layers);
  expect_colors_used(options, layers);
  std::set<std::string> names;
  for (const LayerMap& layer : layers) {
    names.insert(layer.layer);
    layers_on_photo_ += layer.is_channels() ? 0 : 1;
  }
  wanted_ = [names = std::move(names)](const std::string& layer) { return names.contains(layer); };
}

Overlay Overlayer::operator()(Image photo, const std::string& caption) const {
  const ModelDescription& description = model_.description();
  PreparedPhoto prepared = prepare_photo(std::move(photo), preprocess_, static_cast<int>(description.input.channels));
  auto content = std::make_shared<Overlay::Content>();
  content->method = method_->name;
  content->explains_class = method_->explains_class;
  content->options = options_;
  content->model = model_.shared_description();
  content->caption = caption;
  content->explanation = method_->explain(model_.network(), prepared.batch.to(model_.device()), wanted_, target_);
  expect_classes(std::ssize(content->explanation.probabilities), model_.classes());
  if (const auto& path = content->explanation.glimpses) {
    expect_drawable(prepared.photo);
    content->glimpses = glimpses_on_photo(*path, prepared.geometry, prepared.height, prepared.width);
  }
  for (const LayerMap& map : content->explanation.maps) {
    content->on_photo.push_back(map.is_spatial()
                                    ? std::optional(map_on_photo(map, prepared.geometry, prepared.height, prepared.width))
                                    : std::nullopt);
  }
  content->photo = std::move(prepared.photo);
  return Overlay(std::move(content));
}

}  // namespace fovea
