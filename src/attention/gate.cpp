#include <string>

#include <fovea/attention/gate.h>

namespace fovea {

torch::Tensor Gate::forward(const torch::Tensor& features, ContextArgument context) {
  const auto attended = attend(features, context.of(*this));
  return identity_gain_.defined() ? features + identity_gain_ * (attended - features) : attended;
}

void Gate::start_as_identity() {
  if (is_identity_initially() || identity_gain_.defined()) return;
  identity_gain_ = register_parameter("identity_gain", torch::zeros({}));
}

void Gate::initialise_constants() {
  const torch::NoGradGuard no_grad;
  if (identity_gain_.defined()) identity_gain_.zero_();
}

void Gate::repeat_changes(const CloneableModule& original) {
  if (dynamic_cast<const Gate&>(original).identity_gain_.defined()) start_as_identity();
}

GateChainImpl::GateChainImpl(std::vector<std::shared_ptr<Gate>> gates) : Gate("GateChain"), gates_(std::move(gates)) {
  for (std::size_t i = 0; i < gates_.size(); ++i) register_module(std::to_string(i), gates_[i]);
}

torch::Tensor GateChainImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  torch::Tensor gated = features;
  for (const auto& gate : gates_) gated = gate->forward(gated, context);
  return gated;
}

std::shared_ptr<torch::nn::Module> GateChainImpl::rebuilt() const {
  std::vector<std::shared_ptr<Gate>> clones;
  for (const auto& gate : gates_) clones.push_back(std::dynamic_pointer_cast<Gate>(gate->clone()));
  return std::make_shared<GateChainImpl>(std::move(clones));
}

torch::Tensor ResidualJoin::join(const torch::Tensor& features, const torch::Tensor& residual, Activation activation,
                                 ForwardContext& context, const torch::Tensor& mask) const {
  if (mask.defined()) {
    const auto gated = gate_ ? gate_->forward(features, context) : features;
    return apply_activation(torch::addcmul(residual, gated, mask), activation);
  }
  return gate_ ? gate_->join(features, residual, activation, context) : apply_activation(features + residual, activation);
}

}  // namespace fovea
