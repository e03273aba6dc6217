#pragma once

#include <torch/torch.h>

namespace fovea {

/// A convolution without bias and batch norm behind it, `conv` and `bn`, as timm groups them.
class ConvolutionNorm final : public torch::nn::Module {
 public:
  /// @param convolution all but its bias, which is always off. @param momentum of the running statistics.
  explicit ConvolutionNorm(torch::nn::Conv2dOptions convolution, double momentum = 0.1);

  /// @param features [N, in, H, W]. Depends on train/eval mode.
  torch::Tensor forward(const torch::Tensor& features);

 private:
  torch::nn::Conv2d conv_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};

}  // namespace fovea
