#include <fovea/attention/context/feed_forward.h>
#include <fovea/options/check.h>

namespace fovea {

FeedForwardImpl::FeedForwardImpl(std::int64_t features, std::int64_t hidden, Activation activation)
    : CloneableModule("FeedForward"), activation_(activation) {
  expect_positive(features, "FeedForward: features");
  expect_positive(hidden, "FeedForward: hidden");
  fc1_ = register_module("fc1", torch::nn::Linear(features, hidden));
  fc2_ = register_module("fc2", torch::nn::Linear(hidden, features));
}

torch::Tensor FeedForwardImpl::forward(const torch::Tensor& tokens) {
  return fc2_(apply_activation(fc1_(tokens), activation_));
}

std::shared_ptr<torch::nn::Module> FeedForwardImpl::rebuilt() const {
  return std::make_shared<FeedForwardImpl>(fc1_->options.in_features(), fc1_->options.out_features(), activation_);
}

}  // namespace fovea
