#pragma once

#include <torch/torch.h>

#include <fovea/attention/site.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// Attention that resamples an input or a feature map: [N, C, H, W] -> [N, C, H', W']. It composes its own affine map into
/// ForwardContext::frame, so that maps made behind it are drawn where they belong.
class Warp : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;
  virtual torch::Tensor forward(const torch::Tensor& features, ForwardContext& context) = 0;
  /// The shape of what comes out.
  virtual FeatureShape output_shape(const FeatureShape& in) const { return in; }
};

}  // namespace fovea
