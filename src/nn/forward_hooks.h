#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// Kind of a hooked tensor. All but the first two are attention.
enum class MapKind {
  features,  ///< output of a stage, [N, C, H, W]
  layer,     ///< output of a block or layer within a stage or of the stem, [N, C, H, W]
  channel,
  spatial,
  dense,
  branch,
  pairwise,
  windows
};

/// True for the kinds that are not attention.
bool is_features(MapKind kind);

std::string to_string(MapKind kind);

/// Meaning of the values of an attention map.
enum class Meaning {
  gate,     ///< independent factors in [0, 1]
  weights,  ///< non-negative, with the sum 1 over the elements attended to
  signed_,  ///< any sign, e.g. a residual correction
  none,     ///< not attention
};

std::string to_string(Meaning meaning);

/// Description of a tensor that a module passes to the hooks. A gate has the shape in which it is multiplied
/// ([N, C, 1, 1], [N, 1, H, W]), so that hooks may replace it.
struct HookedTensor {
  MapKind kind = MapKind::features;
  Meaning meaning = Meaning::none;
  std::vector<std::int64_t> query_grid = {};  ///< see AttentionMap
  std::vector<std::int64_t> key_grid = {};
  std::int64_t prefix_tokens = 0;
  bool prefix_is_read = true;
  torch::Tensor theta = {};  ///< filled by ForwardContext
};

/// Forward hooks, which LibTorch's C++ modules do not have. A module passes each tensor of interest to the hooks and
/// continues with the tensor that they return, so hooks can record, replace (interventions) or zero (ablations) it.
class ForwardHooks {
 public:
  virtual ~ForwardHooks() = default;
  /// @return the tensor with which the module continues. The module must not change it in place: the hooks may store it.
  virtual torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about,
                                  const torch::Tensor& tensor) = 0;
};

/// Names of the modules below a root, e.g. "layer1.0.se".
class ModuleNames {
 public:
  explicit ModuleNames(const torch::nn::Module& root);
  /// @throws Error when the module is not below the root.
  const std::string& of(const torch::nn::Module& module) const;

 private:
  std::map<const torch::nn::Module*, std::string> names_;
};

}  // namespace fovea
