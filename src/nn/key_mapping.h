#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fovea {

/// What another library calls a tensor or layer of a network.
struct ExternalKey {
  std::string name;
  /// Of a tensor that has another shape there, its values in the same order: e.g. {4096, 512, 7, 7} for {4096, 25088}.
  std::vector<std::int64_t> shape = {};
  bool swaps_planes = false;  ///< a convolution's weight whose two input planes stand in the other order there
  double added = 0;           ///< to the values there, to make them ours: variances of norms with another epsilon
};

/// Another library's names for a network's tensors.
struct KeyMapping {
  std::string name;  ///< "timm", "torchvision", "official"
  /// By own name of a tensor, or path of a layer for all tensors below it; the longest entry counts. What is in none has the
  /// same name there.
  std::map<std::string, ExternalKey> keys = {};
  std::string layer = {};  ///< of a block inside a network: what the block itself is called there; empty = the same
  /// Tensors that are there and not here, and have to be zero to mean the same: biases of layers that have none here.
  std::map<std::string, std::vector<std::int64_t>> zeros = {};
};

/// A module whose tensors have other names elsewhere: a whole network, or a block inside one (names are then relative to
/// it).
class HasKeyMappings {
 public:
  virtual ~HasKeyMappings() = default;
  virtual std::vector<KeyMapping> key_mappings() const = 0;
};

}  // namespace fovea
