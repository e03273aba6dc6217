#pragma once

#include <memory>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// Convolution without bias, `conv`, and batch norm behind it, `bn`, as timm groups them.
class ConvolutionNormImpl final : public CloneableModule {
 public:
  /// @param convolution its bias is always off. @param momentum of the running statistics.
  explicit ConvolutionNormImpl(torch::nn::Conv2dOptions convolution, double momentum = 0.1);

  /// @param features [N, in, H, W]. Depends on train/eval mode.
  torch::Tensor forward(const torch::Tensor& features);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  torch::nn::Conv2dOptions convolution_;
  double momentum_;
  torch::nn::Conv2d conv_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};
TORCH_MODULE(ConvolutionNorm);

}  // namespace fovea
