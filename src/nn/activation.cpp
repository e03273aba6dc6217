#include <fovea/nn/activation.h>

namespace fovea {

torch::Tensor apply_activation(const torch::Tensor& features, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return torch::relu(features);
    case Activation::relu6:
      return torch::relu6(features);
    case Activation::leaky_relu:
      return torch::leaky_relu(features);
    case Activation::elu:
      return torch::elu(features);
    case Activation::selu:
      return torch::selu(features);
    case Activation::silu:
      return torch::silu(features);
    case Activation::mish:
      return torch::mish(features);
    case Activation::gelu:
      return torch::gelu(features);
    case Activation::gelu_tanh:
      return torch::gelu(features, "tanh");
    case Activation::quick_gelu:
      return features * torch::sigmoid(1.702 * features);
    case Activation::hard_swish:
      return torch::hardswish(features);
    case Activation::hard_mish:
      return 0.5 * features * torch::clamp(features + 2, 0, 2);
    case Activation::softplus:
      return torch::softplus(features);
    case Activation::tanh:
      return torch::tanh(features);
    case Activation::sigmoid:
      return torch::sigmoid(features);
    case Activation::hard_sigmoid:
      return torch::hardsigmoid(features);
    case Activation::none:
      break;
  }
  return features;
}

torch::Tensor gate_values(const torch::Tensor& scores, GateFunction function) {
  return function == GateFunction::sigmoid ? torch::sigmoid(scores) : torch::hardsigmoid(scores);
}

}  // namespace fovea
