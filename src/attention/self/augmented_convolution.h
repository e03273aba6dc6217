#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/attention/self/relative_position.h>
#include <fovea/options/fields.h>

namespace fovea {

struct AugmentedConvolutionOptions {
  std::int64_t kernel_size = 3;     ///< odd, of the convolution
  std::int64_t heads = 4;           ///< number of heads
  std::int64_t key_channels = 0;    ///< d_k, of all keys; 0 takes them from key_ratio
  double key_ratio = 0.2;           ///< kappa = d_k / output channels
  std::int64_t value_channels = 0;  ///< d_v, output channels of the attention; 0 takes them from value_ratio
  double value_ratio = 0.1;         ///< upsilon = d_v / output channels
  bool relative = true;             ///< relative position logits, which fix height and width of the input

  void visit_fields(FieldVisitor& fields);
};

/// Attention-augmented convolution, "Attention Augmented Convolutional Networks", arXiv:1904.09925: the channels of a
/// convolution, then those of multi-head self-attention over all positions, concat(conv_out(x), attn_out(MHA(qkv_conv(x)))),
/// with relative position logits learned for each axis. Parameter names are `conv_out`, `qkv_conv`, `attn_out`,
/// `pos_embed.height_rel`, `pos_embed.width_rel`.
/// Differs from the paper: all convolutions have biases; widths from a ratio are rounded up to multiples of the heads, where
/// the paper takes at least 20 channels a head.
class AugmentedConvolutionImpl final : public Mixer {
 public:
  /// @param in shape of the features; without `relative`, its channels are enough. @throws InputError when an option is out
  /// of its range, kernel_size is even, heads does not divide a width, or no output channels are left for the convolution.
  AugmentedConvolutionImpl(const FeatureShape& in, std::int64_t out_channels, AugmentedConvolutionOptions options = {});
  explicit AugmentedConvolutionImpl(const InsertionPoint& point, AugmentedConvolutionOptions options = {});

  /// @param features [N, C, H, W], with `relative` H and W those it was built for. @return [N, out, ceil(H / stride), ceil(W
  /// / stride)]. Hooks see pairwise weights [N, heads, positions, positions] of the output positions. @throws ShapeError for
  /// any other shape. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  AugmentedConvolutionOptions options_;
  GridHeads heads_;
  torch::nn::Conv2d conv_out_{nullptr}, qkv_conv_{nullptr}, attn_out_{nullptr};
  std::shared_ptr<RelativePositionImpl> pos_embed_;  ///< nullptr without relative positions
};
TORCH_MODULE(AugmentedConvolution);

}  // namespace fovea
