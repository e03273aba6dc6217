#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/named_options.h>
#include <fovea/nn/safetensors.h>

namespace fovea {

/// What every optimiser has. Weight decay leaves parameters of at most one dimension alone (norms and biases) unless
/// decay_norms_and_biases.
struct OptimizerOptions : Options {
  double learning_rate = 0.1;  ///< the schedule's 1.0
  double weight_decay = 0;
  bool decay_norms_and_biases = false;

  /// @throws InputError when options exclude each other.
  virtual void validate() const {}

  /// An optimiser over groups of parameters; each group's decay is set by the caller.
  virtual std::unique_ptr<torch::optim::Optimizer> build(std::vector<torch::optim::OptimizerParamGroup> groups) const = 0;
  virtual std::unique_ptr<torch::optim::OptimizerOptions> group_options(double decay) const = 0;
};

/// Stochastic gradient descent with momentum.
struct SgdOptions final : OptimizerOptions {
  double momentum = 0.9;
  bool nesterov = true;

  SgdOptions();
  void visit_fields(FieldVisitor& fields) override;
  void validate() const override;
  std::unique_ptr<torch::optim::Optimizer> build(std::vector<torch::optim::OptimizerParamGroup> groups) const override;
  std::unique_ptr<torch::optim::OptimizerOptions> group_options(double decay) const override;
};

/// Adam with decoupled weight decay, "Decoupled Weight Decay Regularization", arXiv:1711.05101.
struct AdamwOptions final : OptimizerOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  AdamwOptions();
  void visit_fields(FieldVisitor& fields) override;
  std::unique_ptr<torch::optim::Optimizer> build(std::vector<torch::optim::OptimizerParamGroup> groups) const override;
  std::unique_ptr<torch::optim::OptimizerOptions> group_options(double decay) const override;
};

/// The configuration key `train.optimizer`.
NamedOptions<OptimizerOptions> optimizer_field();

/// Updates a network's parameters from their gradients.
class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, const torch::nn::Module& network);

  /// One update with the learning rate `options.learning_rate * multiplier`.
  void step(double multiplier);

  /// Moments and counters by `<parameter>.<what>`; empty before the first step.
  NamedTensors state() const;
  /// @throws InputError when the names do not fit. @param where names the source in messages.
  void load_state(const NamedTensors& state, const std::string& where);

 private:
  double learning_rate_;
  std::vector<std::pair<std::string, torch::Tensor>> parameters_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

}  // namespace fovea
