#include <fovea/attention/convolution_norm.h>

namespace fovea {

ConvolutionNormImpl::ConvolutionNormImpl(torch::nn::Conv2dOptions convolution, double momentum)
    : CloneableModule("ConvolutionNorm"), convolution_(convolution.bias(false)), momentum_(momentum) {
  const auto norm = torch::nn::BatchNormOptions(convolution.out_channels()).momentum(momentum);
  conv_ = register_module("conv", torch::nn::Conv2d(convolution_));
  bn_ = register_module("bn", torch::nn::BatchNorm2d(norm));
}

torch::Tensor ConvolutionNormImpl::forward(const torch::Tensor& features) {
  return bn_(conv_(features));
}

std::shared_ptr<torch::nn::Module> ConvolutionNormImpl::rebuilt() const {
  return std::make_shared<ConvolutionNormImpl>(convolution_, momentum_);
}

}  // namespace fovea
