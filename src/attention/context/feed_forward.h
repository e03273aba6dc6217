#pragma once

#include <cstdint>

#include <torch/torch.h>

namespace fovea {

/// A Transformer's layers for each token by itself: fc2 GELU(fc1 x), GELU exact. Parameter names are timm's.
class FeedForward final : public torch::nn::Module {
 public:
  FeedForward(std::int64_t features, std::int64_t hidden);
  /// @param tokens [..., features]. @return the same shape.
  torch::Tensor forward(const torch::Tensor& tokens);

 private:
  torch::nn::Linear fc1_{nullptr}, fc2_{nullptr};
};

}  // namespace fovea
