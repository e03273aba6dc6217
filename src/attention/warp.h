#pragma once

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/nn/context_argument.h>

namespace fovea {

/// Attention that resamples an input or a feature map: [N, C, H, W] -> [N, C, H', W']. It composes its own affine transform
/// into ForwardContext::theta, so that later attention maps can be mapped back to the network input.
class Warp : public ContextModule {
 public:
  using ContextModule::ContextModule;

  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {}) {
    return attend(features, context.of(*this));
  }
  /// Shape of the output for an input of shape `in`.
  virtual FeatureShape output_shape(const FeatureShape& in) const { return in; }

 protected:
  virtual torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) = 0;
};

}  // namespace fovea
