#pragma once

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// A convolution without bias and batch norm behind it, `conv` and `bn`, as timm groups them.
class ConvolutionNormImpl final : public CloneableModule {
 public:
  /// @param convolution all but its bias, which is always off. @param momentum of the running statistics.
  explicit ConvolutionNormImpl(torch::nn::Conv2dOptions convolution, double momentum = 0.1);

  /// @param features [N, in, H, W]. Depends on train/eval mode.
  torch::Tensor forward(const torch::Tensor& features);

 private:
  torch::nn::Conv2d conv_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};
TORCH_MODULE(ConvolutionNorm);

}  // namespace fovea
