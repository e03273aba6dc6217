#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

struct StripAttentionOptions {
  bool convolution = true;       ///< along the row means and along the column means; without it the gate has no parameters
  std::int64_t kernel_size = 3;  ///< odd; with convolution
  bool bias = false;             ///< with convolution
  GateFunction gate = GateFunction::sigmoid;
  bool skip = false;  ///< add the features to the result

  void visit_fields(FieldVisitor& fields);
};

/// Strip attention, timm's simplified form of "Strip Pooling: Rethinking Spatial Pooling for Scene Parsing",
/// arXiv:2003.13328: x * gate(conv(r) + conv(c)), r the means of the rows [N, C, H, 1] and c those of the columns [N, C, 1,
/// W], with depthwise convolutions along them.
/// Parameter names and defaults are timm's (`conv_h`, `conv_w`).
/// Differs from the paper: the convolutions are depthwise, without batch norm, ReLU and a 1x1 convolution before the gate;
/// `skip` is timm's.
class StripAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// kernel_size is even, or kernel_size or bias is set without convolution.
  explicit StripAttentionImpl(std::int64_t channels, StripAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one dense gate [N, C, H, W] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  StripAttentionOptions options_;
  torch::nn::Conv2d conv_h_{nullptr}, conv_w_{nullptr};
};
TORCH_MODULE(StripAttention);

}  // namespace fovea
