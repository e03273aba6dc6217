#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/convolution_norm.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/nn/activation.h>
#include <fovea/nn/context_argument.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The bottleneck is that of the branch selection; its `channels` are the output channels.
struct SelectiveKernelOptions {
  double reduction_ratio = 16;                   ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;             ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 8;                      ///< the width taken from reduction_ratio is a multiple of this
  std::vector<std::int64_t> kernel_sizes{3, 5};  ///< odd, one for each branch
  bool keep_3x3 = true;                      ///< replace larger kernels by dilated 3 x 3 ones with the same receptive field
  bool split_input = true;                   ///< each branch reads its part of the channels instead of all
  std::int64_t dilation = 1;                 ///< of every branch
  std::int64_t groups = 1;                   ///< of every branch
  Activation activation = Activation::relu;  ///< of the branches

  void visit_fields(FieldVisitor& fields);
};

/// Weights of the branches for each channel: softmax over branches of W_select relu(BN(W_reduce s)), s the mean over
/// positions of the sum of the branches.
class BranchSelectionImpl final : public ContextModule {
 public:
  /// @param reduced width of the bottleneck; each number at least 1.
  BranchSelectionImpl(std::int64_t channels, std::int64_t branches, std::int64_t reduced);

  /// @param branches [N, B, C, H, W]. @return weights [N, B, C, 1, 1], hooked as branch weights [N, B, C].
  torch::Tensor forward(const torch::Tensor& branches, ContextArgument context = {});

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_, branches_, reduced_;
  torch::nn::Conv2d fc_reduce_{nullptr}, fc_select_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};
TORCH_MODULE(BranchSelection);

/// Selective kernels, "Selective Kernel Networks", arXiv:1903.06586: convolutions of several sizes side by side, and for
/// each channel a softmax over them: sum_b w_b * activation(BN(conv_b(x))). Parameter names and defaults are timm's
/// (`paths.0.conv`, `paths.0.bn`, `attn.fc_reduce`, `attn.bn`, `attn.fc_select`).
/// Differs from the paper: each branch reads its part of the channels unless split_input is off; groups are 1, not 32; the
/// bottleneck is a multiple of 8 wide, at least 8, not at least 32. All as in timm.
class SelectiveKernelImpl final : public Mixer {
 public:
  /// @param in_channels C of the features, at least 1. @param out_channels of the result, at least 1. @param stride at least
  /// 1. @throws InputError when an option is out of its range, a kernel is even, or groups
  /// or branches do not divide the channels.
  SelectiveKernelImpl(std::int64_t in_channels, std::int64_t out_channels, SelectiveKernelOptions options = {},
                      std::int64_t stride = 1);
  /// The same at an insertion point of a network. @throws InputError as the other.
  explicit SelectiveKernelImpl(const InsertionPoint& point, SelectiveKernelOptions options = {});

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Hooks see branch weights [N, B,
  /// out] at `attn`. @throws ShapeError if features is not 4-D or C differs, or in training for one image. Depends on
  /// train/eval mode through its norms.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t in_channels_, out_channels_;
  SelectiveKernelOptions options_;
  std::int64_t stride_;
  std::vector<std::shared_ptr<ConvolutionNormImpl>> paths_;
  std::shared_ptr<BranchSelectionImpl> attn_;
};
TORCH_MODULE(SelectiveKernel);

}  // namespace fovea
