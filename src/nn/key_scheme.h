#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/safetensors.h>

namespace fovea {

/// What another library calls a tensor or layer of a network.
struct ForeignKey {
  std::string name;
  /// Of a tensor that has another shape there, its values in the same order: e.g. {4096, 512, 7, 7} for {4096, 25088}.
  std::vector<std::int64_t> shape = {};
  bool swaps_planes = false;  ///< a convolution's weight whose two input planes stand in the other order there
  double added = 0;           ///< to the values there, to make them ours: variances of norms with another epsilon
};

/// Another library's names for a network's tensors.
struct KeyScheme {
  std::string name;  ///< "timm", "torchvision", "official"
  /// By own name of a tensor, or path of a layer for all tensors below it; the longest entry counts. What is in none has the
  /// same name there.
  std::map<std::string, ForeignKey> keys = {};
  std::string layer = {};  ///< of a block inside a network: what the block itself is called there; empty = the same
  /// Tensors that are there and not here, and have to be zero to mean the same: biases of layers that have none here.
  std::map<std::string, std::vector<std::int64_t>> zeros = {};
};

/// A module whose tensors have other names elsewhere: a whole network, or a block inside one (names are then relative to
/// it).
class HasKeySchemes {
 public:
  virtual ~HasKeySchemes() = default;
  virtual std::vector<KeyScheme> key_schemes() const = 0;
};

/// Every scheme that the network or blocks in it know, put together by name: a block stands where the schemes of what is
/// around it have it.
std::vector<KeyScheme> key_schemes_of(const torch::nn::Module& network);

/// Tensors of another library under the names and in the shapes that `own` has; others stay as they are. Nothing when two
/// would have one name: they do not follow the scheme.
std::optional<NamedTensors> to_own_names(const KeyScheme& scheme, const NamedTensors& own, NamedTensors foreign);

/// A network's tensors under the scheme's names and in its shapes.
NamedTensors to_foreign_names(const KeyScheme& scheme, const NamedTensors& own);

}  // namespace fovea
