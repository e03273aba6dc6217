#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/channel/pointwise_mlp.h>
#include <fovea/attention/gate.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Options of the additive form.
struct GlobalContextOptions {
  double reduction_ratio = 8;         ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 1;           ///< the width taken from reduction_ratio is a multiple of this
  bool attention = true;              ///< the context is a weighted mean over positions instead of the plain one
  Activation activation = Activation::relu;

  void visit_fields(FieldVisitor& fields);
};

/// Options of the multiplicative form.
struct GlobalContextGateOptions {
  double reduction_ratio = 8;         ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 1;           ///< the width taken from reduction_ratio is a multiple of this
  bool attention = true;              ///< the context is a weighted mean over positions instead of the plain one
  Activation activation = Activation::relu;
  bool add = false;  ///< both forms, one after the other, from the same context
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Global context, "GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond", arXiv:1904.11492. The context is
/// c = sum_j softmax(w . x)_j x_j over the positions, the same for every position. It is transformed by M = W2
/// activation(LayerNorm(W1 c)) and then, in the paper's additive form (`gca`), added: x + M(c); in timm's multiplicative
/// form (`gc`), turned into a gate: x * gate(M(c)).
/// Parameter names, defaults and the rounding of the bottleneck are timm's (`conv_attn`, `mlp_add` and `mlp_scale` with
/// `fc1`, `norm`, `fc2`). M of the additive form is initially 0, so that a new block is the identity.
/// Differs from the paper: the bottleneck is channels / 8 wide instead of / 16, as in timm; the multiplicative form is
/// timm's. With fewer than 12 channels the layer norm has one hidden channel and outputs its shift alone.
class GlobalContextImpl final : public Gate, public SelfInitialising {
 public:
  /// The additive form. @param channels C of the features, at least 1. @throws InputError when an option is out of its range
  /// or reduced_channels is set beside reduction_ratio or divisor.
  explicit GlobalContextImpl(std::int64_t channels, GlobalContextOptions options = {});
  /// The multiplicative form. @throws InputError as the additive one.
  GlobalContextImpl(std::int64_t channels, GlobalContextGateOptions options);

  void initialise(const RandomStream& stream) override;
  /// True for the additive form alone, which initially adds 0.
  bool is_identity_initially() const override { return mlp_scale_ == nullptr; }

  /// @param features [N, C, H, W]. @return the same shape. Hooks see the weights of the positions [N, 1, H, W] (with
  /// attention), which sum to one; a channel gate [N, C, 1, 1] in [0, 1] (multiplicative); what is added, [N, C, 1, 1]
  /// (additive).
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  using FormOptions = std::variant<GlobalContextOptions, GlobalContextGateOptions>;

  GlobalContextImpl(std::int64_t channels, FormOptions options);
  torch::Tensor pooled(const torch::Tensor& features, ForwardContext& context);

  std::int64_t channels_;
  FormOptions options_;
  torch::nn::Conv2d conv_attn_{nullptr};
  std::shared_ptr<PointwiseMlpImpl> mlp_scale_, mlp_add_;
};
TORCH_MODULE(GlobalContext);

}  // namespace fovea
