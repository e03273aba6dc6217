#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/activation.h>
#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// Feed-forward layers of a Transformer, applied to each token: fc2 activation(fc1 x). Parameter names are timm's.
class FeedForwardImpl final : public CloneableModule {
 public:
  /// @throws InputError unless both widths are positive.
  FeedForwardImpl(std::int64_t features, std::int64_t hidden, Activation activation = Activation::gelu);

  /// @param tokens [..., features]. @return the same shape.
  torch::Tensor forward(const torch::Tensor& tokens);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  Activation activation_;
  torch::nn::Linear fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(FeedForward);

}  // namespace fovea
