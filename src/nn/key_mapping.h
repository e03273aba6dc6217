#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fovea {

/// Name of a tensor or layer in another library.
struct ExternalKey {
  std::string name;
  /// Shape there, where only the shape differs and not the order of values: e.g. {4096, 512, 7, 7} for {4096, 25088}.
  std::vector<std::int64_t> shape = {};
  bool swaps_planes = false;  ///< weight of a convolution whose two input channels are in the other order there
  double added = 0;           ///< value here minus value there: e.g. variances of norms with another epsilon
};

/// Names of a network's tensors in another library.
struct KeyMapping {
  std::string name;  ///< "timm", "torchvision", "official"
  /// By name of a tensor, or path of a layer for all tensors below it; the longest match counts. A tensor without an entry
  /// has the same name there.
  std::map<std::string, ExternalKey> keys = {};
  std::string layer = {};  ///< name of the block itself there, for a block inside a network; empty = the same
  /// Tensors that exist only there and must be zero: biases of layers that have none here.
  std::map<std::string, std::vector<std::int64_t>> zeros = {};
};

/// A module whose tensors have other names in other libraries: a whole network, or a block inside one (names are then
/// relative to the block).
class HasKeyMappings {
 public:
  virtual ~HasKeyMappings() = default;
  virtual std::vector<KeyMapping> key_mappings() const = 0;
};

}  // namespace fovea
