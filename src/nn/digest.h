#pragma once

#include <string>

#include <fovea/nn/safetensors.h>

namespace fovea {

/// 16 hexadecimal digits that tell weights apart: Fnv1a over names, types, shapes and bytes.
std::string digest(const NamedTensors& tensors);

}  // namespace fovea
