#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// Feed-forward layers of a Transformer, applied to each token: fc2 GELU(fc1 x), GELU exact. Parameter names are timm's.
class FeedForwardImpl final : public CloneableModule {
 public:
  /// @throws InputError unless both widths are positive.
  FeedForwardImpl(std::int64_t features, std::int64_t hidden);

  /// @param tokens [..., features]. @return the same shape.
  torch::Tensor forward(const torch::Tensor& tokens);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  torch::nn::Linear fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(FeedForward);

}  // namespace fovea
