#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/mixer.h>
#include <fovea/attention/site.h>
#include <fovea/config/fields.h>
#include <fovea/nn/activation.h>

namespace fovea {

/// The bottleneck is in_channels radix / reduction_ratio wide, at least 32, or reduced_channels for each branch.
struct SplitAttentionOptions : BottleneckOptions {
  std::int64_t kernel_size = 3;              ///< odd
  std::int64_t radix = 2;                    ///< number of branches; with 1 a channel gate takes the softmax's place
  std::int64_t groups = 1;                   ///< cardinality: independent groups of channels
  bool bias = false;                         ///< of the convolution
  bool batch_norm = false;                   ///< behind the convolution and inside the bottleneck
  Activation activation = Activation::relu;  ///< of the branches and inside the bottleneck

  SplitAttentionOptions() : BottleneckOptions(4, 8) {}
  void visit_fields(FieldVisitor& fields) override;
};

/// Split attention, "ResNeSt: Split-Attention Networks", arXiv:2004.08955: a grouped convolution makes `radix` branches u_r;
/// result: sum_r w_r * u_r, w = softmax over r of fc2(activation(fc1(s))), s the mean over cells of sum_r u_r. Parameter
/// names and defaults are timm's (`conv`, `bn0`, `fc1`, `bn1`, `fc2`). Differs from the paper: no norms unless batch_norm,
/// as timm builds it by itself (its ResNeSt sets batch norm).
class SplitAttention final : public Mixer {
 public:
  /// @throws InputError when kernel_size is even, or radix or groups do not divide the channels.
  SplitAttention(const Site& site, const SplitAttentionOptions& options);

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Taps branch weights [N, radix,
  /// out]; with radix 1 a channel gate [N, out, 1, 1] in (0, 1). @throws ShapeError if features is not 4-D or C differs.
  /// Depends on train/eval mode only with batch_norm; training then needs N > 1 (ShapeError).
  torch::Tensor forward(const torch::Tensor& features, ForwardContext& context) override;

 private:
  /// The factors of the branches, [N, radix, out, 1, 1], tapped. @param scores [N, groups radix out / groups, 1, 1].
  torch::Tensor branch_factors(const torch::Tensor& scores, ForwardContext& context) const;

  std::int64_t channels_, radix_, groups_;
  Activation activation_;
  torch::nn::Conv2d conv_{nullptr}, fc1_{nullptr}, fc2_{nullptr};
  torch::nn::BatchNorm2d bn0_{nullptr}, bn1_{nullptr};
};

}  // namespace fovea
