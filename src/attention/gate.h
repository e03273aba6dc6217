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
class Gate : public ContextModule, public ConstantInitialising {
 public:
  using ContextModule::ContextModule;

  /// attend(features), or, for a gate that starts as the identity, features + identity_gain (attend(features) - features).
  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {});

  /// End of a residual block: activation(forward(features) + residual). A gate may compute it in one pass.
  virtual torch::Tensor join(const torch::Tensor& features, const torch::Tensor& residual, Activation activation,
                             ForwardContext& context) {
    return apply_activation(forward(features, context) + residual, activation);
  }

  /// Registers `identity_gain`, a trained scalar with the initial value 0, so that a new gate in a trained network starts as
  /// the identity ("ReZero is All You Need: Fast Convergence at Large Depth", arXiv:2003.04887). Has no effect where
  /// is_identity_initially(), and when it is called again.
  void start_as_identity();

  /// True when initialise() already makes the mechanism the identity. With an `identity_gain` of 0, all its gradients would
  /// then stay 0.
  virtual bool is_identity_initially() const { return false; }

  /// Sets `identity_gain` to 0, if there is one.
  void initialise_constants() override;

 protected:
  /// The mechanism itself, without `identity_gain`. @param features [N, C, H, W]. @return the same shape.
  virtual torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) = 0;

  void repeat_changes(const CloneableModule& original) override;

 private:
  torch::Tensor identity_gain_;  ///< scalar; undefined unless start_as_identity() was called
};

/// End of a backbone's residual block, with or without a gate.
class ResidualJoin {
 public:
  ResidualJoin() = default;
  explicit ResidualJoin(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

  /// Gate for the block to register; nullptr without one.
  const std::shared_ptr<Gate>& gate() const { return gate_; }

  /// activation(mask * gate(features) + residual). @param mask that broadcasts to the gated features, e.g.
  /// drop_path_mask(); undefined = 1.
  torch::Tensor join(const torch::Tensor& features, const torch::Tensor& residual, Activation activation,
                     ForwardContext& context, const torch::Tensor& mask = {}) const;

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
