#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/nn/activation.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The bottleneck is in_channels radix / reduction_ratio wide, at least 32, or reduced_channels for each branch.
struct SplitAttentionOptions {
  double reduction_ratio = 4;                ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;         ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 8;                  ///< the width taken from reduction_ratio is a multiple of this
  std::int64_t kernel_size = 3;              ///< odd
  std::int64_t radix = 2;                    ///< number of branches; 1 gives a channel gate instead of a softmax
  std::int64_t groups = 1;                   ///< cardinality: independent groups of channels
  bool bias = false;                         ///< of the convolution
  bool batch_norm = false;                   ///< behind the convolution and inside the bottleneck
  Activation activation = Activation::relu;  ///< of the branches and inside the bottleneck

  void visit_fields(FieldVisitor& fields);
};

/// Split attention, "ResNeSt: Split-Attention Networks", arXiv:2004.08955: a grouped convolution makes `radix` branches u_r;
/// result: sum_r w_r * u_r, w = softmax over r of fc2(activation(fc1(s))), s the mean over positions of sum_r u_r. Parameter
/// names and defaults are timm's (`conv`, `bn0`, `fc1`, `bn1`, `fc2`). Differs from the paper: no norms unless batch_norm,
/// as in timm's defaults (its ResNeSt sets batch norm).
class SplitAttentionImpl final : public Mixer {
 public:
  /// @param in_channels C of the features, at least 1. @param out_channels of the result, at least 1. @param stride at least
  /// 1. @throws InputError when an option is out of its range, kernel_size is even, or
  /// radix or groups do not divide the channels.
  SplitAttentionImpl(std::int64_t in_channels, std::int64_t out_channels, SplitAttentionOptions options = {},
                     std::int64_t stride = 1);
  /// The same at an insertion point of a network. @throws InputError as the other.
  explicit SplitAttentionImpl(const InsertionPoint& point, SplitAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Hooks see branch weights [N, radix,
  /// out]; with radix 1 a channel gate [N, out, 1, 1] in (0, 1). @throws ShapeError if features is not 4-D or C differs.
  /// Depends on train/eval mode only with batch_norm; training then needs N > 1 (ShapeError).
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  /// Weights of the branches, [N, radix, out, 1, 1], hooked. @param scores [N, groups radix out / groups, 1, 1].
  torch::Tensor branch_factors(const torch::Tensor& scores, ForwardContext& context) const;

  std::int64_t in_channels_, out_channels_;
  SplitAttentionOptions options_;
  std::int64_t stride_;
  torch::nn::Conv2d conv_{nullptr}, fc1_{nullptr}, fc2_{nullptr};
  torch::nn::BatchNorm2d bn0_{nullptr}, bn1_{nullptr};
};
TORCH_MODULE(SplitAttention);

}  // namespace fovea
