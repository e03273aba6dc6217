#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/canvas.h>
#include <fovea/options/ranges.h>
#include <fovea/run/internal/class_lookup.h>
#include <fovea/run/internal/layer_choice.h>
#include <fovea/run/internal/model_title.h>
#include <fovea/run/internal/overlay_names.h>
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

/// Numbers of the classes, each once, in the order in which they are named.
std::vector<std::int64_t> find_classes(const std::vector<std::string>& texts, const std::vector<std::string>& names) {
  std::vector<std::int64_t> labels;
  for (const std::string& text : texts) {
    const std::int64_t label = find_class(text, names);
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
  }
  return labels;
}

/// "gradcam.layer3.5-dog": what the options say themselves; a default has no part.
std::string selection_of(const std::string& method, const OverlayOptions& options, const std::vector<std::int64_t>& targets,
                         const std::vector<std::string>& classes) {
  std::string selection = method;
  if (!options.layers.empty()) selection += "." + joined_file_part(options.layers);
  std::vector<std::string> parts;
  for (const std::int64_t label : targets) parts.push_back(class_file_part(label, classes[static_cast<std::size_t>(label)]));
  if (!parts.empty()) selection += "." + joined_file_part(parts);
  return selection;
}

/// See Overlay::tiles().
std::int64_t number_of_tiles(const std::vector<LayerMap>& layers, std::int64_t classes) {
  const auto is_channels = [](const LayerMap& layer) { return layer.is_channels(); };
  const bool only_channels = std::all_of(layers.begin(), layers.end(), is_channels);
  std::int64_t tiles = 1;
  for (const LayerMap& layer : layers) {
    if (is_channels(layer) == only_channels) tiles += layer.label ? classes : 1;
  }
  return tiles;
}

void expect_valid(const OverlayOptions& options) {
  if (options.opacity && !contains(kFraction, *options.opacity)) {
    throw InputError("opacity", describe(kFraction), std::to_string(*options.opacity));
  }
  if (!options.range) return;
  const auto [low, high] = *options.range;
  if (low < high && std::isfinite(high - low)) return;
  throw InputError("range", "two finite numbers, the lower one first", number_text(low) + " and " + number_text(high));
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
  targets_ = find_classes(options.classes, model.classes());
  if (!targets_.empty() && !method_->explains_class) {
    throw InputError("class", "a method that explains one class", method_->name,
                     "the network's own attention is the same for all classes; use method gradcam");
  }
  const std::vector<LayerMap> layers = choose_layers(model, available, options.layers);
  expect_colors_used(options, layers);
  std::set<std::string> names;
  for (const LayerMap& layer : layers) names.insert(layer.layer);
  wanted_ = {[names = std::move(names)](const std::string& layer) { return names.contains(layer); },
             LayerFilter::Depth::any};
  tiles_per_photo_ = number_of_tiles(layers, std::max<std::int64_t>(1, std::ssize(targets_)));
  title_ = model_title(model) + " · " + method_->name;
  selection_ = selection_of(method_->name, options, targets_, model.classes());
}

Overlay Overlayer::operator()(Image photo, const PhotoCaption& caption) const {
  const ModelDescription& description = model_.description();
  PreparedPhoto prepared = prepare_photo(std::move(photo), preprocess_, static_cast<int>(description.input.channels));
  auto content = std::make_shared<Overlay::Content>();
  content->method = method_->name;
  content->title = title_;
  content->selection = selection_;
  content->options = options_;
  content->model = model_.shared_description();
  content->caption = caption;
  content->explanation = method_->explain(model_.network(), prepared.batch.to(model_.device()), wanted_, targets_);
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
