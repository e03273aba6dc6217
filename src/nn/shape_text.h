#pragma once

#include <string>

#include <torch/torch.h>

namespace fovea {

/// Shape of a tensor for messages: "[2, 3, 32, 32]".
std::string shape_text(const torch::Tensor& tensor);

}  // namespace fovea
