#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <fovea/explain/layer_map.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Predicate on the name of a layer: true for a wanted layer.
using LayerFilter = std::function<bool(const std::string& layer)>;

/// An explanation method.
struct MethodRow {
  std::string name;
  std::string title = {};       ///< of the paper
  std::string arxiv = {};       ///< empty when the method is the network's own attention
  std::string help = {};        ///< one sentence
  bool explains_class = false;  ///< the maps or pictures explain one class
  /// False when the method has no map of such a network for certain; asked without a forward pass. Empty: it may have one of
  /// any.
  std::function<bool(const Classifier& classifier)> shows = {};
  /// @param batch one image. @param target the class to explain; None: the predicted one. The classifier must be in
  /// evaluation mode; several threads may explain with one at the same time.
  std::function<Explanation(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                            std::optional<std::int64_t> target)>
      explain = {};
};

/// Every method, in the order of `fovea list methods`; then those of register_method(). The first with a map of a network is
/// the automatic one.
const std::deque<MethodRow>& method_registry();

/// Adds a method of the calling program; find_method() then finds its name:
///
///     fovea::register_method({.name = "saliency",
///                             .title = "Deep Inside Convolutional Networks",
///                             .arxiv = "1312.6034",
///                             .help = "how much each pixel changes the class score",
///                             .explains_class = true,
///                             .explain = explain_by_saliency});
///
/// Call it from one thread. References to rows stay valid. @return the new row.
/// @throws InputError when the name is empty or taken, or when explain is empty.
const MethodRow& register_method(MethodRow row);

/// @throws InputError with the nearest name for an unknown one. @param origin of the name, for the message.
const MethodRow& find_method(const std::string& name, const std::string& origin);

/// Layers for which the method has a map, in the order of the forward pass; the values are those of an input of zeros.
std::vector<LayerMap> list_layers(const MethodRow& method, Classifier& classifier, const InputSpec& input);

}  // namespace fovea
