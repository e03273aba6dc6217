#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/named_tensors.h>
#include <fovea/train/optimizer_options.h>

namespace fovea {

/// A parameter that is not frozen.
struct TrainedParameter {
  std::string name;  ///< in state_dict()
  torch::Tensor tensor;
  double multiplier = 1;  ///< of the learning rate
};

/// An optimiser of LibTorch over named parameters, with learning-rate multipliers and a state that can be saved.
class Optimizer {
 public:
  /// @param options must outlive this. @throws InputError when options exclude each other.
  Optimizer(const OptimizerOptions& options, std::vector<TrainedParameter> parameters);

  /// One update with the learning rate `options.learning_rate * schedule_factor * parameter.multiplier`. A parameter without
  /// a gradient is not changed.
  void step(double schedule_factor);

  /// Moments and counters, named `<parameter>.<name>`; empty before the first step.
  NamedTensors state() const;
  /// Restores state(). @throws InputError when names or shapes differ. @param where names the source in messages.
  void load_state(const NamedTensors& state, const std::string& where);

 private:
  const OptimizerOptions& options_;
  std::vector<TrainedParameter> parameters_;
  std::vector<double> group_multipliers_;  ///< of the optimiser's parameter groups
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

}  // namespace fovea
