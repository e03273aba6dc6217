#pragma once

#include <torch/torch.h>

namespace fovea {

/// The non-linearity after a residual sum or inside an attention module.
enum class Activation {
  none,
  relu,
  relu6,
  leaky_relu,  ///< slope 0.01
  elu,
  silu,        ///< x sigmoid(x), also called swish
  mish,        ///< x tanh(softplus(x))
  gelu,        ///< exact, with the error function
  hard_swish,  ///< x relu6(x + 3) / 6, "Searching for MobileNetV3", arXiv:1905.02244
  tanh,
  sigmoid,
};

torch::Tensor activate(const torch::Tensor& features, Activation activation);

/// The function that turns scores into factors.
enum class GateFunction {
  sigmoid,
  hard_sigmoid,  ///< relu6(x + 3) / 6, "Searching for MobileNetV3", arXiv:1905.02244
};

torch::Tensor gate_values(const torch::Tensor& scores, GateFunction function);

}  // namespace fovea
