#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/channel/channel_kernel.h>
#include <fovea/attention/gate.h>

namespace fovea {

struct EfficientChannelAttentionOptions : ChannelKernelOptions {
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Efficient channel attention, "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks",
/// arXiv:1910.03151: x * gate(conv1d_k(mean(x))), the convolution running along the channels.
/// Parameter names are timm's (`conv`). Differs from the paper: kernels of one channel are not made (at least 3, as in
/// timm).
class EfficientChannelAttentionImpl final : public Gate {
 public:
  /// @throws InputError when kernel_size is even.
  EfficientChannelAttentionImpl(std::int64_t channels, const EfficientChannelAttentionOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  GateFunction gate_;
  torch::nn::Conv1d conv_{nullptr};
};
TORCH_MODULE(EfficientChannelAttention);

}  // namespace fovea
