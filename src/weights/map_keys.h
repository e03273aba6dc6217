#pragma once

#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/key_mapping.h>
#include <fovea/nn/named_tensors.h>

namespace fovea {

/// Key mappings of the network and of the blocks inside it, combined by name: the path of a block is mapped by the mappings
/// of the modules around it.
std::vector<KeyMapping> key_mappings_of(const torch::nn::Module& network);

/// Tensors of an external checkpoint with the names and shapes of `own`; tensors that the mapping does not name are
/// unchanged. None when two would have the same name: the checkpoint does not follow the mapping.
std::optional<NamedTensors> to_own_names(const KeyMapping& mapping, const NamedTensors& own, NamedTensors external);

/// Tensors of a network with the names and shapes of the mapping.
NamedTensors to_external_names(const KeyMapping& mapping, const NamedTensors& own);

}  // namespace fovea
