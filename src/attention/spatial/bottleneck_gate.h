#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/nn/activation.h>

namespace fovea {

/// Base of the channel gates of CBAM and light CBAM: a bottleneck W2 activation(W1 y) of two 1x1 convolutions, `fc1` and
/// `fc2`.
class BottleneckGate : public Gate {
 protected:
  BottleneckGate(const std::string& name, std::int64_t channels, std::int64_t reduced_channels, bool bias,
                 Activation activation);

  /// Scores of the channels. @param squeezed [N, C, 1, 1]. @return the same shape.
  torch::Tensor scores(const torch::Tensor& squeezed);

 private:
  Activation activation_;
  torch::nn::Conv2d fc1_{nullptr}, fc2_{nullptr};
};

}  // namespace fovea
