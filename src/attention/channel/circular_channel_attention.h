#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/channel/channel_kernel.h>
#include <fovea/attention/gate.h>

namespace fovea {

struct CircularChannelAttentionOptions : ChannelKernelOptions {
  bool bias = false;  ///< of the convolution
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Efficient channel attention whose channels form a ring, so that the first and the last are neighbours:
/// x * gate(conv1d_k(mean(x))). A variant of "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks",
/// arXiv:1910.03151, that comes from timm (`ceca`). Parameter names are timm's (`conv`).
/// Differs from the paper: circular instead of zero padding; kernels of at least 3 channels.
class CircularChannelAttentionImpl final : public Gate {
 public:
  /// @throws InputError when kernel_size is even, or so large that it would go round the ring more than once.
  CircularChannelAttentionImpl(std::int64_t channels, const CircularChannelAttentionOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  GateFunction gate_;
  torch::nn::Conv1d conv_{nullptr};
};
TORCH_MODULE(CircularChannelAttention);

}  // namespace fovea
