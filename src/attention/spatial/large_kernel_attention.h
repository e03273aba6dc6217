#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

struct LargeKernelAttentionOptions {
  std::int64_t kernel_size = 21;  ///< side K of the window that is decomposed
  std::int64_t dilation = 3;      ///< d: into a local convolution of side 2d - 1 and a dilated one of side ceil(K / d)

  void visit_fields(FieldVisitor& fields);
};

/// y * conv1(conv_spatial(conv0(y))): a depthwise, a dilated depthwise and a 1x1 convolution.
class LargeKernelUnitImpl final : public Gate, public SelfInitialising {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or ceil(kernel_size / dilation) is even.
  explicit LargeKernelUnitImpl(std::int64_t channels, LargeKernelAttentionOptions options = {});
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;
  /// He-normal by the fan-out of one group, biases 0, as in the authors' code.
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  LargeKernelAttentionOptions options_;
  torch::nn::Conv2d conv0_{nullptr}, conv_spatial_{nullptr}, conv1_{nullptr};
};
TORCH_MODULE(LargeKernelUnit);

/// Large-kernel attention, the attention module of "Visual Attention Network", arXiv:2202.09741:
/// x + proj_2(u(gelu(proj_1(x)))), u(y) = y * attention(y), projections 1x1 convolutions with biases.
/// Parameter names are the authors' (`proj_1`, `spatial_gating_unit.conv0`, `.conv_spatial`, `.conv1`, `proj_2`).
/// Differs from the paper: nothing. The factors have no activation function: they may have any sign.
class LargeKernelAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or ceil(kernel_size / dilation) is even.
  explicit LargeKernelAttentionImpl(std::int64_t channels, LargeKernelAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see the factors at `spatial_gating_unit`, dense [N, C, H,
  /// W] of any sign. @throws ShapeError if features is not 4-D or C differs.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  LargeKernelAttentionOptions options_;
  torch::nn::Conv2d proj_1_{nullptr}, proj_2_{nullptr};
  std::shared_ptr<LargeKernelUnitImpl> spatial_gating_unit_;
};
TORCH_MODULE(LargeKernelAttention);

}  // namespace fovea
