#pragma once

#include <torch/torch.h>

#include <fovea/nn/forward_context.h>

namespace fovea {

/// Attention in place of a convolution: [N, in, H, W] -> [N, out, ceil(H / stride), ceil(W / stride)].
class Mixer : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;
  virtual torch::Tensor forward(const torch::Tensor& features, ForwardContext& context) = 0;
};

}  // namespace fovea
