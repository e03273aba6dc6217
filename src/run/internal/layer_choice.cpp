#include <algorithm>
#include <set>

#include <fovea/base/error.h>
#include <fovea/options/names.h>
#include <fovea/run/internal/layer_choice.h>

namespace fovea {
namespace {

/// Names end at dots: layer1.0 is in layer1, and not in layer10.
bool is_submodule_of(const std::string& layer, const std::string& module) {
  return layer.starts_with(module) && layer[module.size()] == '.';
}

/// The last layer, spatial if there is one.
LayerMap last_layer(const std::vector<LayerMap>& layers) {
  const auto is_spatial = [](const LayerMap& layer) { return layer.is_spatial(); };
  const auto last = std::find_if(layers.rbegin(), layers.rend(), is_spatial);
  return last == layers.rend() ? layers.back() : *last;
}

std::set<std::string> names_where(const std::vector<LayerMap>& layers, const auto& condition) {
  std::set<std::string> names;
  for (const LayerMap& layer : layers) {
    if (condition(layer.layer)) names.insert(layer.layer);
  }
  return names;
}

[[noreturn]] void throw_unknown(const Model& model, const MethodLayers& method, const std::string& name) {
  std::vector<std::string> known = model.network().named_modules("", /*include_self=*/false).keys();
  const bool is_module = std::find(known.begin(), known.end(), name) != known.end();
  if (is_module) {
    throw InputError("layer", "a layer that " + method.method->name + " can show",
                     "'" + name + "', which has no map over the image", "list the layers to see some that have one");
  }
  for (const LayerMap& layer : method.layers) known.push_back(layer.layer);
  const std::string nearest = nearest_name(name, known);
  throw InputError("layer", "a layer that " + method.method->name + " can show", "'" + name + "'",
                   nearest.empty() ? "list the layers to see their names" : "did you mean '" + nearest + "'?");
}

/// Finds the layers of one name: a listed one, those listed below it, one within a stage, those within a stage below it.
class LayerSearch {
 public:
  LayerSearch(const Model& model, const MethodLayers& method) : model_(model), method_(method) {}

  /// Maps at any depth.
  std::vector<LayerMap> maps(const auto& condition) const {
    return list_layers(*method_.method, model_.network(), model_.description().input,
                       LayerFilter(condition, LayerFilter::Depth::any));
  }

  /// Empty when there are none.
  std::set<std::string> find(const std::string& name) const {
    const auto is_it = [&](const std::string& layer) { return layer == name; };
    const auto is_below = [&](const std::string& layer) { return is_submodule_of(layer, name); };
    for (const auto& found : {names_where(method_.layers, is_it), names_where(method_.layers, is_below)}) {
      if (!found.empty()) return found;
    }
    const std::vector<LayerMap> inner = maps([&](const std::string& layer) { return is_it(layer) || is_below(layer); });
    const std::set<std::string> found = names_where(inner, is_it);
    return found.empty() ? names_where(inner, is_below) : found;
  }

 private:
  const Model& model_;
  const MethodLayers& method_;
};

}  // namespace

bool has_layers(const Model& model, const MethodLayers& method, const std::vector<std::string>& names) {
  const LayerSearch search(model, method);
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name == "all" || !search.find(name).empty(); });
}

std::vector<LayerMap> choose_layers(const Model& model, const MethodLayers& method, const std::vector<std::string>& names) {
  if (names.empty()) return {last_layer(method.layers)};
  if (std::find(names.begin(), names.end(), "all") != names.end()) {
    if (names.size() > 1) throw InputError("layer", "no other layer beside 'all'", "some", "remove them");
    return method.layers;
  }
  const LayerSearch search(model, method);
  std::set<std::string> chosen;
  for (const std::string& name : names) {
    std::set<std::string> found = search.find(name);
    if (found.empty()) throw_unknown(model, method, name);
    chosen.merge(found);
  }
  return search.maps([&](const std::string& layer) { return chosen.contains(layer); });
}

}  // namespace fovea
