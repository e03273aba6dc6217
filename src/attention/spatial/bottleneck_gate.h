#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/nn/activation.h>

namespace fovea {

/// What the channel gates of CBAM and light CBAM have in common: a bottleneck W2 activation(W1 y) of two 1x1 convolutions,
/// `fc1` and `fc2`.
class BottleneckGate : public Gate {
 protected:
  BottleneckGate(const std::string& name, std::int64_t channels, std::int64_t reduced_channels, bool bias,
                 Activation activation);

  /// [N, C, 1, 1] in and out.
  torch::Tensor scores(const torch::Tensor& squeezed);

 private:
  Activation activation_;
  torch::nn::Conv2d fc1_{nullptr}, fc2_{nullptr};
};

}  // namespace fovea
