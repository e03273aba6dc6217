#pragma once

#include <torch/torch.h>

#include <fovea/nn/context_argument.h>

namespace fovea {

/// Attention in place of a convolution: [N, in, H, W] -> [N, out, ceil(H / stride), ceil(W / stride)].
class Mixer : public ContextModule {
 public:
  using ContextModule::ContextModule;

  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {}) {
    return attend(features, context.of(*this));
  }

 protected:
  virtual torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) = 0;
};

}  // namespace fovea
