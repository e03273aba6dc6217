#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/convolution_norm.h>
#include <fovea/attention/mixer.h>
#include <fovea/attention/site.h>
#include <fovea/config/fields.h>
#include <fovea/nn/activation.h>

namespace fovea {

/// The bottleneck is that of the selection; its channels are those that come out.
struct SelectiveKernelOptions : BottleneckOptions {
  std::vector<std::int64_t> kernel_sizes{3, 5};  ///< odd, one for each branch
  bool keep_3x3 = true;                          ///< larger kernels are dilated 3 x 3 ones of the same reach
  bool split_input = true;                       ///< each branch sees its part of the channels instead of all
  std::int64_t dilation = 1;                     ///< of every branch
  std::int64_t groups = 1;                       ///< of every branch
  Activation activation = Activation::relu;      ///< of the branches

  SelectiveKernelOptions() : BottleneckOptions(16, 8) {}
  void visit_fields(FieldVisitor& fields) override;
};

/// Which branch counts, for each channel: softmax over branches of W_select relu(BN(W_reduce s)), s the mean over cells of
/// the sum of the branches.
class BranchSelection final : public torch::nn::Module {
 public:
  BranchSelection(std::int64_t channels, std::int64_t branches, std::int64_t reduced);

  /// @param branches [N, B, C, H, W]. @return weights [N, B, C, 1, 1], tapped as branch weights [N, B, C].
  torch::Tensor forward(const torch::Tensor& branches, ForwardContext& context);

 private:
  torch::nn::Conv2d fc_reduce_{nullptr}, fc_select_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};

/// Selective kernels, "Selective Kernel Networks", arXiv:1903.06586: convolutions of several sizes side by side, and for
/// each channel a softmax over them: sum_b w_b * activation(BN(conv_b(x))). Parameter names and defaults are timm's
/// (`paths.0.conv`, `paths.0.bn`, `attn.fc_reduce`, `attn.bn`, `attn.fc_select`).
/// Differs from the paper: each branch sees its share of the channels unless split_input is off; groups are 1, not 32; the
/// bottleneck is a multiple of 8 wide, at least 8, not at least 32. All as in timm.
class SelectiveKernel final : public Mixer {
 public:
  /// @throws InputError when a kernel is even, or groups or branches do not divide the channels.
  SelectiveKernel(const Site& site, const SelectiveKernelOptions& options);

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Taps branch weights [N, B, out] at
  /// `attn`. @throws ShapeError if features is not 4-D or C differs, or in training for one image. Depends
  /// on train/eval mode through its norms.
  torch::Tensor forward(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  bool split_input_;
  Activation activation_;
  std::vector<std::shared_ptr<ConvolutionNorm>> paths_;
  std::shared_ptr<BranchSelection> attn_;
};

}  // namespace fovea
