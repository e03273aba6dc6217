#include <fovea/attention/context/feed_forward.h>

namespace fovea {

FeedForwardImpl::FeedForwardImpl(std::int64_t features, std::int64_t hidden) : CloneableModule("FeedForward") {
  fc1_ = register_module("fc1", torch::nn::Linear(features, hidden));
  fc2_ = register_module("fc2", torch::nn::Linear(hidden, features));
}

torch::Tensor FeedForwardImpl::forward(const torch::Tensor& tokens) {
  return fc2_(torch::gelu(fc1_(tokens)));
}

}  // namespace fovea
