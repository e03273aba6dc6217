#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/channel/pointwise_mlp.h>
#include <fovea/attention/gate.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Of the additive form.
struct GlobalContextOptions {
  double reduction_ratio = 8;         ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 1;           ///< the width taken from reduction_ratio is a multiple of this
  bool attention = true;              ///< the context is a weighted mean over positions instead of the plain one
  Activation activation = Activation::relu;

  void visit_fields(FieldVisitor& fields);
};

/// Of the multiplicative form.
struct GlobalContextGateOptions : GlobalContextOptions {
  bool add = false;  ///< both forms, one after the other, from the same context
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Global context, "GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond", arXiv:1904.11492. The context is
/// c = sum_j softmax(w . x)_j x_j over the positions, the same for every location. It is transformed by M = W2
/// activation(LayerNorm(W1 c)) and then, in the paper's additive form (`gca`), added: x + M(c); in timm's multiplicative
/// form (`gc`), turned into a gate: x * gate(M(c)).
/// Parameter names, defaults and the rounding of the bottleneck are timm's (`conv_attn`, `mlp_add` and `mlp_scale` with
/// `fc1`, `norm`, `fc2`). M of the additive form starts at zero, so that a new one changes nothing.
/// Differs from the paper: the bottleneck is channels / 8 wide instead of / 16, as in timm; the multiplicative form is
/// timm's. With fewer than 12 channels the layer norm sees one value and passes its shift alone.
class GlobalContextImpl final : public Gate, public SelfInitialising {
 public:
  /// The additive form. @throws InputError when an option does not fit.
  GlobalContextImpl(std::int64_t channels, const GlobalContextOptions& options);
  /// The multiplicative form. @throws InputError when an option does not fit.
  GlobalContextImpl(std::int64_t channels, const GlobalContextGateOptions& options);

  void initialise(const RandomStream& stream) override;
  /// The additive form alone adds nothing at first.
  bool is_identity_at_start() const override { return mlp_scale_ == nullptr; }

  /// @param features [N, C, H, W]. @return the same shape. Hooks see the weights of the positions [N, 1, H, W] (with
  /// attention), which sum to one; a channel gate [N, C, 1, 1] in [0, 1] (multiplicative); what is added, [N, C, 1, 1]
  /// (additive).
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  GlobalContextImpl(std::int64_t channels, const GlobalContextOptions& options, bool scale, bool add, GateFunction gate);
  torch::Tensor pooled(const torch::Tensor& features, ForwardContext& context);

  std::int64_t channels_;
  GateFunction gate_;
  torch::nn::Conv2d conv_attn_{nullptr};
  std::shared_ptr<PointwiseMlpImpl> mlp_scale_, mlp_add_;
};
TORCH_MODULE(GlobalContext);

}  // namespace fovea
