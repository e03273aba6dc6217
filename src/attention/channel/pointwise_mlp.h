#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/activation.h>
#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// Two 1 x 1 convolutions with biases, `fc1` and `fc2`, with an optional layer `norm` over channels and a non-linearity
/// between them: timm's ConvMlp.
class PointwiseMlpImpl final : public CloneableModule {
 public:
  /// @param norm true for a layer norm over the hidden channels (epsilon 1e-6).
  PointwiseMlpImpl(std::int64_t channels, std::int64_t hidden, Activation activation, bool norm);

  /// @param features [N, C, H, W]. @return the same shape.
  torch::Tensor forward(const torch::Tensor& features);

  /// Sets `fc2` to 0, so that every output is 0.
  void start_at_zero();

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_, hidden_;
  Activation activation_;
  torch::nn::Conv2d fc1_{nullptr}, fc2_{nullptr};
  torch::nn::LayerNorm norm_{nullptr};
};
TORCH_MODULE(PointwiseMlp);

}  // namespace fovea
