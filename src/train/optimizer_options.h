#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/named_options.h>
#include <fovea/nn/named_tensors.h>

namespace fovea {

/// Optimiser state of one parameter in a checkpoint. It counts the tensors that were read.
class SavedParameterState {
 public:
  /// @param state of all parameters. @param parameter name of this one. @param like its tensor. @param where names the
  /// source in messages. References must outlive this.
  SavedParameterState(const NamedTensors& state, const std::string& parameter, const torch::Tensor& like,
                      const std::string& where)
      : state_(state), parameter_(parameter), like_(like), where_(where) {}

  /// A copy on the parameter's device. @throws InputError when the tensor is missing or has another shape than the
  /// parameter.
  torch::Tensor tensor(const char* what);
  std::int64_t counter(const char* what);

  std::size_t taken() const { return taken_; }

 private:
  torch::Tensor take(const char* what, const torch::Tensor& like);

  const NamedTensors& state_;
  const std::string& parameter_;
  const torch::Tensor& like_;
  const std::string& where_;
  std::size_t taken_ = 0;
};

/// Options that all optimisers have. Weight decay applies to parameters of two and more dimensions, and with
/// `decay_norms_and_biases` to all.
struct OptimizerOptions : Options {
  double learning_rate = 0.1;  ///< highest; the schedule multiplies it with a factor in [0, 1]
  double weight_decay = 0;
  bool decay_norms_and_biases = false;

  void visit_fields(FieldVisitor& fields) final;
  /// @throws InputError when options exclude each other.
  virtual void validate() const {}

  /// The optimiser over parameter groups, each with its group_options().
  virtual std::unique_ptr<torch::optim::Optimizer> build(std::vector<torch::optim::OptimizerParamGroup> groups) const = 0;
  virtual std::unique_ptr<torch::optim::OptimizerOptions> group_options(double decay) const = 0;

  /// Moments and counters of one parameter, by name; tensors that do not exist yet are undefined.
  virtual NamedTensors save(const torch::optim::OptimizerParamState& state) const = 0;
  /// Inverse of save(). @throws InputError.
  virtual std::unique_ptr<torch::optim::OptimizerParamState> restore(SavedParameterState& saved) const = 0;

 protected:
  /// Fields of this optimiser alone.
  virtual void visit_own_fields(FieldVisitor& fields) = 0;
};

/// Stochastic gradient descent with momentum or Nesterov momentum, as torch.optim.SGD.
struct SgdOptions final : OptimizerOptions {
  double momentum = 0.9;
  bool nesterov = true;

  SgdOptions();
  void validate() const override;
  std::unique_ptr<torch::optim::Optimizer> build(std::vector<torch::optim::OptimizerParamGroup> groups) const override;
  std::unique_ptr<torch::optim::OptimizerOptions> group_options(double decay) const override;
  NamedTensors save(const torch::optim::OptimizerParamState& state) const override;
  std::unique_ptr<torch::optim::OptimizerParamState> restore(SavedParameterState& saved) const override;

 protected:
  void visit_own_fields(FieldVisitor& fields) override;
};

/// Adam with decoupled weight decay, "Decoupled Weight Decay Regularization", arXiv:1711.05101.
struct AdamwOptions final : OptimizerOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  AdamwOptions();
  std::unique_ptr<torch::optim::Optimizer> build(std::vector<torch::optim::OptimizerParamGroup> groups) const override;
  std::unique_ptr<torch::optim::OptimizerOptions> group_options(double decay) const override;
  NamedTensors save(const torch::optim::OptimizerParamState& state) const override;
  std::unique_ptr<torch::optim::OptimizerParamState> restore(SavedParameterState& saved) const override;

 protected:
  void visit_own_fields(FieldVisitor& fields) override;
};

/// RMSprop, "Generating Sequences With Recurrent Neural Networks", arXiv:1308.0850, as torch.optim.RMSprop. `centered`
/// divides by the standard deviation of the gradients. Weight decay is added to the gradient.
struct RmspropOptions final : OptimizerOptions {
  double alpha = 0.99;  ///< smoothing constant of the running mean of squared gradients
  double epsilon = 1e-8;
  double momentum = 0;
  bool centered = false;

  RmspropOptions();
  std::unique_ptr<torch::optim::Optimizer> build(std::vector<torch::optim::OptimizerParamGroup> groups) const override;
  std::unique_ptr<torch::optim::OptimizerOptions> group_options(double decay) const override;
  NamedTensors save(const torch::optim::OptimizerParamState& state) const override;
  std::unique_ptr<torch::optim::OptimizerParamState> restore(SavedParameterState& saved) const override;

 protected:
  void visit_own_fields(FieldVisitor& fields) override;
};

/// Configuration key `train.optimizer`.
NamedOptions<OptimizerOptions> optimizer_field();

}  // namespace fovea
