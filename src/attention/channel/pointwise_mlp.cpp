#include <fovea/attention/channel/pointwise_mlp.h>

namespace fovea {

PointwiseMlpImpl::PointwiseMlpImpl(std::int64_t channels, std::int64_t hidden, Activation activation, bool norm)
    : CloneableModule("PointwiseMlp"), channels_(channels), hidden_(hidden), activation_(activation) {
  fc1_ = register_module("fc1", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, hidden, 1)));
  if (norm) norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({hidden}).eps(1e-6)));
  fc2_ = register_module("fc2", torch::nn::Conv2d(torch::nn::Conv2dOptions(hidden, channels, 1)));
}

torch::Tensor PointwiseMlpImpl::forward(const torch::Tensor& features) {
  auto hidden = fc1_(features);
  if (norm_) hidden = norm_(hidden.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
  return fc2_(apply_activation(hidden, activation_));
}

void PointwiseMlpImpl::start_at_zero() {
  const torch::NoGradGuard no_grad;
  fc2_->weight.zero_();
  fc2_->bias.zero_();
}

std::shared_ptr<torch::nn::Module> PointwiseMlpImpl::rebuilt() const {
  return std::make_shared<PointwiseMlpImpl>(channels_, hidden_, activation_, /*norm=*/!norm_.is_empty());
}

}  // namespace fovea
