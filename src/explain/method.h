#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fovea/explain/layer_map.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// A function of a layer's name that is true for a wanted layer.
template <typename Predicate>
concept LayerPredicate = std::is_invocable_r_v<bool, Predicate, const std::string&>;

/// Choice of layers by their names.
class LayerFilter {
 public:
  /// Layers of a stage that count, besides the stage's own output.
  enum class Depth {
    stages,  ///< its attention
    any,     ///< also its blocks and their layers (MapKind::layer), which are many
  };

  /// Every layer down to the stages.
  LayerFilter() = default;
  /// @param is_wanted called with a layer's name.
  template <LayerPredicate Predicate>
  LayerFilter(Predicate is_wanted, Depth depth = Depth::stages)  // NOLINT(google-explicit-constructor)
      : is_wanted_(std::move(is_wanted)), depth_(depth) {}

  bool operator()(const std::string& layer) const { return !is_wanted_ || is_wanted_(layer); }
  Depth depth() const { return depth_; }

 private:
  std::function<bool(const std::string& layer)> is_wanted_;
  Depth depth_ = Depth::stages;
};

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
  /// @param batch one image. @param targets the classes to explain, each once; none: the predicted one. The classifier must
  /// be in evaluation mode; several threads may explain with one at the same time.
  std::function<Explanation(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                            const std::vector<std::int64_t>& targets)>
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
std::vector<LayerMap> list_layers(const MethodRow& method, Classifier& classifier, const InputSpec& input,
                                  const LayerFilter& wanted = {});

}  // namespace fovea
