#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// A Transformer's layers for each token by itself: fc2 GELU(fc1 x), GELU exact. Parameter names are timm's.
class FeedForwardImpl final : public CloneableModule {
 public:
  FeedForwardImpl(std::int64_t features, std::int64_t hidden);
  /// @param tokens [..., features]. @return the same shape.
  torch::Tensor forward(const torch::Tensor& tokens);

 private:
  torch::nn::Linear fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(FeedForward);

}  // namespace fovea
