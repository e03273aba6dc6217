#include <fovea/nn/activation.h>

namespace fovea {

torch::Tensor activate(const torch::Tensor& features, Activation activation) {
  return activation == Activation::relu ? torch::relu(features) : features;
}

torch::Tensor gate_values(const torch::Tensor& scores, GateFunction function) {
  return function == GateFunction::sigmoid ? torch::sigmoid(scores) : torch::hardsigmoid(scores);
}

}  // namespace fovea
