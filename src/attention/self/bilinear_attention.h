#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/convolution_norm.h>
#include <fovea/attention/gate.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/nn/activation.h>
#include <fovea/nn/context_argument.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The bottleneck is that of the transformed features.
struct BilinearAttentionOptions {
  double reduction_ratio = 4;                ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;         ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 8;                  ///< the width taken from reduction_ratio is a multiple of this
  std::int64_t block_size = 7;               ///< number of bands along each axis; height and width are multiples of it
  std::int64_t groups = 2;                   ///< of channels, each with its own matrices
  double dropout = 0.2;                      ///< probability of dropping a channel of the correction, in training
  Activation activation = Activation::relu;  ///< behind every norm

  void visit_fields(FieldVisitor& fields);
};

/// Bilinear transform P x Q with matrices P and Q that are predicted from the features: it mixes rows, then columns. Their
/// entries are positive; the rows of P and the columns of Q sum to one.
class BilinearTransformImpl final : public ContextModule {
 public:
  /// @throws InputError unless there are channels, or when an option is out of its range.
  explicit BilinearTransformImpl(std::int64_t channels, BilinearAttentionOptions options = {});

  /// @param features [N, r, H, W]. @return the same shape. Hooks see P and the transpose of Q, pairwise [N, groups, b, b]:
  /// the weights of the bands of rows, then of columns.
  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {});

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  BilinearAttentionOptions options_;
  std::shared_ptr<ConvolutionNormImpl> conv1_, conv2_;
  torch::nn::Conv2d conv_p_{nullptr}, conv_q_{nullptr};
};
TORCH_MODULE(BilinearTransform);

/// Bilinear attentional transform, "Non-Local Neural Networks With Grouped Bilinear Attentional Transforms", CVPR 2020:
/// x + dropout(conv2(P conv1(x) Q)). Parameter names and defaults are timm's (`conv1.conv`, `ba.conv_p`, `ba.conv_q`,
/// ...). Differs from the paper: nothing known; this is the form of its image classification networks.
class BilinearAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features. @throws InputError when an option is out of its range or does not fit, e.g. groups
  /// that do not divide the reduced channels.
  explicit BilinearAttentionImpl(std::int64_t channels, BilinearAttentionOptions options = {});
  explicit BilinearAttentionImpl(const InsertionPoint& point, BilinearAttentionOptions options = {});

  /// @param features [N, C, H, W], H and W multiples of block_size. @return the same shape. Hooks see two maps at `ba`.
  /// @throws ShapeError for any other shape. Depends on train/eval mode through its norms and dropout.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  BilinearAttentionOptions options_;
  std::shared_ptr<ConvolutionNormImpl> conv1_, conv2_;
  std::shared_ptr<BilinearTransformImpl> ba_;
};
TORCH_MODULE(BilinearAttention);

}  // namespace fovea
