#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/gate.h>
#include <fovea/config/fields.h>

namespace fovea {

struct SimpleCoordinateAttentionOptions : BottleneckOptions {
  double width_factor = 2.0 / 3.0;  ///< of the width, for about as many parameters as squeeze-and-excitation
  bool bias = true;                 ///< in the three layers
  Activation activation = Activation::silu;
  GateFunction gate = GateFunction::sigmoid;
  bool skip = false;  ///< add the features to the result

  SimpleCoordinateAttentionOptions() : BottleneckOptions(4, 8) {}
  void visit_fields(FieldVisitor& fields) override;
};

/// timm's simpler form of coordinate attention, "Coordinate Attention for Efficient Mobile Network Design",
/// arXiv:2103.02907: x * gate(W_h activation(W1 r) + W_w activation(W1 c)), r the means of the rows and c those of the
/// columns. Parameter names and defaults are timm's (`fc1`, `fc_h`, `fc_w`).
/// Differs from the paper: no norm, and one gate of a sum instead of a product of two gates.
class SimpleCoordinateAttention final : public Gate {
 public:
  SimpleCoordinateAttention(std::int64_t channels, const SimpleCoordinateAttentionOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Taps one dense gate [N, C, H, W] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  Activation activation_;
  GateFunction gate_;
  bool skip_;
  torch::nn::Linear fc1_{nullptr}, fc_h_{nullptr}, fc_w_{nullptr};
};

}  // namespace fovea
