#include <fovea/attention/spatial/bottleneck_gate.h>

namespace fovea {

BottleneckGate::BottleneckGate(const std::string& name, std::int64_t channels, std::int64_t reduced_channels, bool bias,
                               Activation activation)
    : Gate(name), activation_(activation) {
  const auto layer = [&](std::int64_t in, std::int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1).bias(bias));
  };
  fc1_ = register_module("fc1", layer(channels, reduced_channels));
  fc2_ = register_module("fc2", layer(reduced_channels, channels));
}

torch::Tensor BottleneckGate::scores(const torch::Tensor& squeezed) {
  return fc2_(apply_activation(fc1_(squeezed), activation_));
}

}  // namespace fovea
