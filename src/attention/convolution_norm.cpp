#include <fovea/attention/convolution_norm.h>

namespace fovea {

ConvolutionNormImpl::ConvolutionNormImpl(torch::nn::Conv2dOptions convolution, double momentum)
    : CloneableModule("ConvolutionNorm") {
  const auto norm = torch::nn::BatchNormOptions(convolution.out_channels()).momentum(momentum);
  conv_ = register_module("conv", torch::nn::Conv2d(convolution.bias(false)));
  bn_ = register_module("bn", torch::nn::BatchNorm2d(norm));
}

torch::Tensor ConvolutionNormImpl::forward(const torch::Tensor& features) {
  return bn_(conv_(features));
}

}  // namespace fovea
