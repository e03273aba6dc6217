#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/activation.h>
#include <fovea/nn/context_argument.h>
#include <fovea/nn/initialise.h>

namespace fovea {

/// Attention that keeps the shape: [N, C, H, W] in and out, any N, H and W.
class Gate : public ContextModule, public ConstantStart {
 public:
  using ContextModule::ContextModule;

  /// attend(features), or, for a gate that starts as the identity, features + identity_gain (attend(features) - features).
  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {});

  /// The end of a residual block: activation(forward(features) + residual). A gate may do all of it in one pass.
  virtual torch::Tensor join(const torch::Tensor& features, const torch::Tensor& residual, Activation activation,
                             ForwardContext& context) {
    return activate(forward(features, context) + residual, activation);
  }

  /// Registers `identity_gain`, a trained factor that starts at 0, so that a new gate changes nothing in a network whose
  /// other weights are trained, and grows into it ("ReZero is All You Need: Fast Convergence at Large Depth",
  /// arXiv:2003.04887). Does nothing where is_identity_at_start(). To be called once, before the first forward().
  void start_as_identity();

  /// Whether the mechanism changes nothing anyway as initialise() leaves it. A factor of 0 would then keep every gradient
  /// at 0 for ever.
  virtual bool is_identity_at_start() const { return false; }

  /// Sets `identity_gain` to 0, if there is one.
  void set_constant_start() override;

 protected:
  /// What the mechanism itself does.
  virtual torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) = 0;

  void repeat_changes(const CloneableModule& original) override;

 private:
  torch::Tensor identity_gain_;  ///< scalar; undefined unless start_as_identity() was called
};

/// What a backbone's block ends with, gate or not.
class ResidualJoin {
 public:
  ResidualJoin() = default;
  explicit ResidualJoin(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

  /// To be registered by the block; nullptr without a gate.
  const std::shared_ptr<Gate>& gate() const { return gate_; }

  /// activation(keep * gate(features) + residual). @param keep factors that fit the gated features, as those of
  /// drop_path_mask(); undefined = all of it is kept.
  torch::Tensor join(const torch::Tensor& features, const torch::Tensor& residual, Activation activation,
                     ForwardContext& context, const torch::Tensor& keep = {}) const;

 private:
  std::shared_ptr<Gate> gate_;
};

/// Several gates at one insertion point, one after another.
class GateChainImpl final : public Gate {
 public:
  explicit GateChainImpl(std::vector<std::shared_ptr<Gate>> gates);

 protected:
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::vector<std::shared_ptr<Gate>> gates_;
};
TORCH_MODULE(GateChain);

}  // namespace fovea
