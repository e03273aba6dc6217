#pragma once

#include <map>
#include <string>

#include <torch/torch.h>

namespace fovea {

/// Tensors by name.
using NamedTensors = std::map<std::string, torch::Tensor>;

}  // namespace fovea
