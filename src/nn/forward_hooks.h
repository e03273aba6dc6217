#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// What a tapped tensor is. All but `features` are attention.
enum class MapKind { features, channel, spatial, dense, branch, pairwise, windows };

std::string to_string(MapKind kind);

/// How an attention map's values are to be read.
enum class Meaning {
  gate,     ///< independent factors in [0, 1]
  weights,  ///< non-negative, summing to one over what is attended
  signed_,  ///< any sign, e.g. a residual correction
  none,     ///< not attention
};

std::string to_string(Meaning meaning);

/// What a module says about a tensor it offers to hooks. A gate is offered in the shape it is multiplied with
/// ([N, C, 1, 1], [N, 1, H, W]), so that hooks may return another one.
struct HookedTensor {
  MapKind kind = MapKind::features;
  Meaning meaning = Meaning::none;
  std::vector<std::int64_t> query_grid = {};  ///< see AttentionMap
  std::vector<std::int64_t> key_grid = {};
  std::int64_t prefix_tokens = 0;
  bool prefix_is_read = true;
  torch::Tensor theta = {};  ///< filled by ForwardContext
};

/// Looks into a forward pass: C++ modules have no forward hooks. A module hands over each tensor of interest and goes on
/// with what it gets back, so hooks can record, replace (interventions) or cut off (ablation).
class ForwardHooks {
 public:
  virtual ~ForwardHooks() = default;
  /// @return the tensor to go on with. A network must not change a tapped tensor in place: the hooks may keep it.
  virtual torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about,
                                  const torch::Tensor& tensor) = 0;
};

/// The names that a root gives to the modules below it, e.g. "layer1.0.se".
class ModuleNames {
 public:
  explicit ModuleNames(const torch::nn::Module& root);
  /// @throws Error when the module is not below the root.
  const std::string& of(const torch::nn::Module& module) const;

 private:
  std::map<const torch::nn::Module*, std::string> names_;
};

}  // namespace fovea
