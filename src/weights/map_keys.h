#pragma once

#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/key_mapping.h>
#include <fovea/nn/named_tensors.h>

namespace fovea {

/// Every mapping that the network or blocks in it know, put together by name: a block stands where the mappings of what is
/// around it have it.
std::vector<KeyMapping> key_mappings_of(const torch::nn::Module& network);

/// Tensors of another library under the names and in the shapes that `own` has; others stay as they are. Nothing when two
/// would have one name: they do not follow the mapping.
std::optional<NamedTensors> to_own_names(const KeyMapping& mapping, const NamedTensors& own, NamedTensors foreign);

/// A network's tensors under the mapping's names and in its shapes.
NamedTensors to_external_names(const KeyMapping& mapping, const NamedTensors& own);

}  // namespace fovea
