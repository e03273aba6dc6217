#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The bottleneck is the number of planes between the convolutions.
struct EfficientChannelMlpOptions {
  double reduction_ratio = 8;         ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 8;           ///< the width taken from reduction_ratio is a multiple of this
  std::int64_t kernel_size = 0;       ///< odd number of neighbouring channels; 0 takes it from gamma and beta
  double gamma = 2;                   ///< kernel size = odd(|log2(channels) + beta| / gamma), at least 3
  double beta = 1;                    ///< see gamma
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
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// kernel_size is even, or options exclude each other.
  explicit EfficientChannelMlpImpl(std::int64_t channels, EfficientChannelMlpOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  EfficientChannelMlpOptions options_;
  torch::nn::Conv1d conv_{nullptr}, conv2_{nullptr};
};
TORCH_MODULE(EfficientChannelMlp);

}  // namespace fovea
