#pragma once

#include <torch/torch.h>

namespace fovea {

/// Activation function after a residual sum or inside an attention module.
enum class Activation {
  none,
  relu,
  relu6,
  leaky_relu,  ///< slope 0.01
  elu,         ///< celu with alpha 1 is the same
  selu,        ///< a scaled elu, "Self-Normalizing Neural Networks", arXiv:1706.02515
  silu,        ///< x sigmoid(x), also called swish
  mish,        ///< x tanh(softplus(x))
  gelu,        ///< exact, with the error function
  gelu_tanh,   ///< approximated with tanh
  quick_gelu,  ///< approximated by x sigmoid(1.702 x)
  hard_swish,  ///< x relu6(x + 3) / 6, "Searching for MobileNetV3", arXiv:1905.02244
  hard_mish,   ///< x clamp(x + 2, 0, 2) / 2
  softplus,    ///< log(1 + exp(x))
  tanh,
  sigmoid,
  hard_sigmoid,  ///< relu6(x + 3) / 6
};

torch::Tensor apply_activation(const torch::Tensor& features, Activation activation);

/// Function from scores to gate values.
enum class GateFunction {
  sigmoid,
  hard_sigmoid,  ///< relu6(x + 3) / 6, "Searching for MobileNetV3", arXiv:1905.02244
};

torch::Tensor gate_values(const torch::Tensor& scores, GateFunction function);

}  // namespace fovea
