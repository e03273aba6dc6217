#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/channel/channel_kernel.h>
#include <fovea/attention/gate.h>

namespace fovea {

/// The bottleneck is that of the planes between the convolutions.
struct EfficientChannelMlpOptions {
  double reduction_ratio = 8;         ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 8;           ///< the width taken from reduction_ratio is a multiple of this
  ChannelKernelOptions kernel;
  Activation activation = Activation::relu;
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Efficient channel attention with a hidden layer: x * gate(conv1d_k(activation(conv1d_1(mean(x))))), both convolutions
/// with bias, from one plane along the channels to several and back to one. A variant of "ECA-Net: Efficient Channel
/// Attention for Deep Convolutional Neural Networks", arXiv:1910.03151, that comes from timm (`ecam`). Parameter names and
/// roundings are timm's (`conv`, `conv2`). Differs from the paper: the hidden layer; kernels of at least 3 channels.
class EfficientChannelMlpImpl final : public Gate {
 public:
  /// @throws InputError when kernel_size is even or options exclude each other.
  EfficientChannelMlpImpl(std::int64_t channels, const EfficientChannelMlpOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  Activation activation_;
  GateFunction gate_;
  torch::nn::Conv1d conv_{nullptr}, conv2_{nullptr};
};
TORCH_MODULE(EfficientChannelMlp);

}  // namespace fovea
