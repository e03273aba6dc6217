#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Function from the scores of the mask branch to the mask.
enum class MaskForm {
  mixed,    ///< f1: a sigmoid
  channel,  ///< f2: L2 normalisation over channels at each position
  spatial,  ///< f3: standardisation of each channel over positions, then a sigmoid
};

struct ResidualAttentionOptions {
  std::int64_t preprocessing_units = 0;  ///< p: residual units before the branches, and as many behind them
  std::int64_t trunk_units = 0;          ///< t: residual units of the trunk branch
  std::int64_t mask_units = 1;           ///< r: residual units at each scale of the mask branch, bottom-up and top-down each
  std::int64_t poolings = 2;             ///< number of times that the mask branch halves height and width
  double reduction_ratio = 4;            ///< width inside a residual unit: channels / reduction_ratio
  MaskForm form = MaskForm::mixed;

  void visit_fields(FieldVisitor& fields);
};

/// Pre-activation bottleneck unit: x + conv3(a3(conv2(a2(conv1(a1(x)))))), a = ReLU(BN), sides 1, 3 and 1.
class PreActivationUnitImpl final : public CloneableModule {
 public:
  /// @param width channels inside; both at least 1.
  PreActivationUnitImpl(std::int64_t channels, std::int64_t width);
  /// @param features [N, C, H, W]. @return the same shape.
  torch::Tensor forward(const torch::Tensor& features);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_, width_;
  torch::nn::BatchNorm2d bn1_{nullptr}, bn2_{nullptr}, bn3_{nullptr};
  torch::nn::Conv2d conv1_{nullptr}, conv2_{nullptr}, conv3_{nullptr};
};
TORCH_MODULE(PreActivationUnit);

/// Bottom-up top-down scores [N, C, H, W] of features of that shape, any H and W: `poolings` times a 3x3 maximum of stride 2
/// and residual units (`down0`, `down1`, ...), then as often residual units (`up0`, ...) and bilinear upsampling to the size
/// before the pooling. A residual unit (`skip0`, ...) leads from each scale but the lowest to the same scale of the way up.
/// At the end ReLU(BN) and a 1x1 convolution, twice (`bn1`, `conv1`, `bn2`, `conv2`).
class MaskBranchImpl final : public CloneableModule {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit MaskBranchImpl(std::int64_t channels, ResidualAttentionOptions options = {});
  torch::Tensor forward(const torch::Tensor& features);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  ResidualAttentionOptions options_;
  std::vector<torch::nn::Sequential> down_, up_;
  std::vector<std::shared_ptr<PreActivationUnitImpl>> skip_;
  torch::nn::BatchNorm2d bn1_{nullptr}, bn2_{nullptr};
  torch::nn::Conv2d conv1_{nullptr}, conv2_{nullptr};
};
TORCH_MODULE(MaskBranch);

/// Residual attention, "Residual Attention Network for Image Classification", arXiv:1704.06904: (1 + M(x)) T(x), M the mask
/// branch and T the trunk branch, between p residual units before and p behind.
/// The published networks are not in PyTorch; the parameter names are ours (`before`, `trunk`, `mask`, `after`).
/// Differs from the paper: p and t are 0 by default instead of 1 and 2, since the block before the gate is the trunk; the
/// paper pools down to 7 x 7 (3, 2 and 1 times in its three stages of 56, 28 and 14 positions).
class ResidualAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit ResidualAttentionImpl(std::int64_t channels, ResidualAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see M, dense [N, C, H, W]: a gate in (0, 1), or with
  /// `form: channel` values in [-1, 1]. @throws ShapeError if features is not 4-D or C differs. Depends on train/eval mode;
  /// training needs N > 1 where the poolings leave one position.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  ResidualAttentionOptions options_;
  torch::nn::Sequential before_{nullptr}, trunk_{nullptr}, after_{nullptr};
  std::shared_ptr<MaskBranchImpl> mask_;
};
TORCH_MODULE(ResidualAttention);

}  // namespace fovea
