#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

struct EfficientChannelAttentionOptions {
  std::int64_t kernel_size = 0;  ///< odd number of neighbouring channels; 0 takes it from gamma and beta
  double gamma = 2;              ///< kernel size = odd(|log2(channels) + beta| / gamma), at least 3
  double beta = 1;               ///< see gamma
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Efficient channel attention, "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks",
/// arXiv:1910.03151: x * gate(conv1d_k(mean(x))), the convolution running along the channels.
/// Parameter names are timm's (`conv`). Differs from the paper: kernels of at least 3 channels, as in timm.
class EfficientChannelAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or kernel_size is even.
  explicit EfficientChannelAttentionImpl(std::int64_t channels, EfficientChannelAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  EfficientChannelAttentionOptions options_;
  torch::nn::Conv1d conv_{nullptr};
};
TORCH_MODULE(EfficientChannelAttention);

}  // namespace fovea
