#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/attention/spatial/feature_norm.h>
#include <fovea/options/fields.h>

namespace fovea {

struct EfficientLocalAttentionOptions {
  std::int64_t kernel_size = 7;  ///< odd; along the row means and along the column means
  bool bias = false;             ///< in both convolutions
  FeatureNorm norm = FeatureNorm::group;
  Activation activation = Activation::silu;
  GateFunction gate = GateFunction::sigmoid;
  bool skip = false;  ///< add the features to the result

  void visit_fields(FieldVisitor& fields);
};

/// Efficient local attention, "ELA: Efficient Local Attention for Deep Convolutional Neural Networks", arXiv:2403.01123:
/// x * g_h * g_w, g = gate(activation(norm(conv(m)))) with m the means of the rows [N, C, H, 1] or of the columns [N, C, 1,
/// W] and a depthwise convolution along them.
/// Parameter names and defaults are timm's (`conv_h`, `norm_h`, `conv_w`, `norm_w`).
/// Differs from the paper: one group instead of 16 in the group norm, a SiLU before the gate, and a convolution and a norm
/// of its own for each direction; all as in timm.
/// `activation: none` removes the SiLU; 16 groups, and one convolution and norm for both directions, are not available.
class EfficientLocalAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or kernel_size is even.
  explicit EfficientLocalAttentionImpl(std::int64_t channels, EfficientLocalAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see two dense gates in [0, 1]: at `conv_h` the rows', the
  /// same along each row, and at `conv_w` the columns', both as [N, C, H, W]. @throws ShapeError if features is not 4-D or C
  /// differs. Depends on train/eval mode with norm batch.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  EfficientLocalAttentionOptions options_;
  torch::nn::Conv2d conv_h_{nullptr}, conv_w_{nullptr};
  torch::nn::AnyModule norm_h_, norm_w_;
};
TORCH_MODULE(EfficientLocalAttention);

}  // namespace fovea
