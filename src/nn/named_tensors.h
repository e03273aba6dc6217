#pragma once

#include <map>
#include <string>

#include <torch/torch.h>

namespace fovea {

/// Tensors with their names, in no particular order.
using NamedTensors = std::map<std::string, torch::Tensor>;

}  // namespace fovea
