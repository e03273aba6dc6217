#pragma once

#include <torch/torch.h>

namespace fovea {

/// The non-linearity after a residual sum or inside an attention module.
enum class Activation { none, relu };

torch::Tensor activate(const torch::Tensor& features, Activation activation);

/// The function that turns scores into factors.
enum class GateFunction {
  sigmoid,
  hard_sigmoid,  ///< relu6(x + 3) / 6, "Searching for MobileNetV3", arXiv:1905.02244
};

torch::Tensor gate_values(const torch::Tensor& scores, GateFunction function);

}  // namespace fovea
