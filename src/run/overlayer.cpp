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

bool has_map_on_photo(const std::vector<LayerMap>& layers) {
  return std::any_of(layers.begin(), layers.end(), [](const LayerMap& layer) { return !layer.is_channels(); });
}

/// The first method that is wanted, of those with a map on the photo, then of the others. They are looked at one by one: the
/// layers of a method take a forward pass.
template <typename Condition>
std::optional<MethodLayers> first_method(const Model& model, const Condition& is_wanted) {
  for (const bool on_photo : {true, false}) {
    for (const MethodRow& method : method_registry()) {
      MethodLayers found{&method, model.layers(method.name)};
      if (found.layers.empty() || has_map_on_photo(found.layers) != on_photo) continue;
      if (is_wanted(found)) return found;
    }
  }
  return std::nullopt;
}

/// `auto` where neither classes nor layers are asked for.
std::optional<MethodLayers> usual_method(const Model& model) {
  return first_method(model, [](const MethodLayers& found) { return has_map_on_photo(found.layers); });
}

[[noreturn]] void throw_no_map(const Model& model, const std::string& method) {
  const std::optional<MethodLayers> usual = usual_method(model);
  throw InputError("method " + method, "a network with a layer that it can show", "one without",
                   usual ? "use method " + usual->method->name : "no method can show this network");
}

/// A method with its layers, and why it is not the usual one.
struct MethodChoice {
  MethodLayers found;
  std::string reason = {};
};

/// `auto`: the usual method, or the first other one that explains classes and has the layers, where these are asked for.
MethodChoice automatic_method(const Model& model, const OverlayOptions& options) {
  const auto explains = [&](const MethodLayers& found) { return options.classes.empty() || found.method->explains_class; };
  const auto fits = [&](const MethodLayers& found) { return explains(found) && has_layers(model, found, options.layers); };
  std::optional<MethodLayers> usual = usual_method(model);
  if (!usual) throw_no_map(model, options.method);
  if (fits(*usual)) return {*std::move(usual)};
  std::optional<MethodLayers> other = first_method(model, fits);
  if (!other) other = first_method(model, explains);  // an error about the layer follows
  if (!other || other->method == usual->method) return {*std::move(usual)};
  const std::string why = explains(*usual) ? " has no map of the layer" : " is the same for every class";
  std::string reason = "method auto is " + other->method->name + " here: " + usual->method->name + why;
  return {*std::move(other), std::move(reason)};
}

MethodChoice choose_method(const Model& model, const OverlayOptions& options) {
  if (options.method == "auto") return automatic_method(model, options);
  return {list_overlay_layers(model, options.method).front()};
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

std::vector<MethodLayers> list_overlay_layers(const Model& model, const std::string& method) {
  std::vector<MethodLayers> methods;
  for (const MethodRow& row : method_registry()) {
    if (method != "auto" && method != row.name) continue;
    const std::vector<LayerMap>& layers = model.layers(row.name);
    if (!layers.empty()) methods.push_back({&row, layers});
  }
  if (!methods.empty()) return methods;
  if (method != "auto") find_method(method, "method");
  throw_no_map(model, method);
}

Overlayer::Overlayer(const Model& model, const OverlayOptions& options)
    : model_(model), options_(options), preprocess_(model.description().preprocess) {
  MethodChoice choice = choose_method(model, options);
  method_ = choice.found.method;
  reason_ = std::move(choice.reason);
  expect_valid(options);
  targets_ = find_classes(options.classes, model.classes());
  if (!targets_.empty() && !method_->explains_class) {
    throw InputError("class", "a method that explains one class", method_->name,
                     "the network's own attention is the same for all classes; use method gradcam");
  }
  const std::vector<LayerMap> layers = choose_layers(model, choice.found, options.layers);
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
