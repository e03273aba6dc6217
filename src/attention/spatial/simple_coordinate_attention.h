#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

struct SimpleCoordinateAttentionOptions {
  double reduction_ratio = 4;         ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 8;           ///< the width taken from reduction_ratio is a multiple of this
  double width_factor = 2.0 / 3.0;    ///< of the width, for about as many parameters as squeeze-and-excitation
  bool bias = true;                   ///< in the three layers
  Activation activation = Activation::silu;
  GateFunction gate = GateFunction::sigmoid;
  bool skip = false;  ///< add the features to the result

  void visit_fields(FieldVisitor& fields);
};

/// timm's simpler form of coordinate attention, "Coordinate Attention for Efficient Mobile Network Design",
/// arXiv:2103.02907: x * gate(W_h activation(W1 r) + W_w activation(W1 c)), r the means of the rows and c those of the
/// columns. Parameter names and defaults are timm's (`fc1`, `fc_h`, `fc_w`).
/// Differs from the paper: no norm, and one gate of a sum instead of a product of two gates.
class SimpleCoordinateAttentionImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or reduced_channels is set beside reduction_ratio, divisor or width_factor.
  explicit SimpleCoordinateAttentionImpl(std::int64_t channels, SimpleCoordinateAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one dense gate [N, C, H, W] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  SimpleCoordinateAttentionOptions options_;
  torch::nn::Linear fc1_{nullptr}, fc_h_{nullptr}, fc_w_{nullptr};
};
TORCH_MODULE(SimpleCoordinateAttention);

}  // namespace fovea
