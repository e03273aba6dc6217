#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/named_tensors.h>
#include <fovea/train/optimizer_options.h>

namespace fovea {

/// A parameter that training changes.
struct TrainedParameter {
  std::string name;  ///< in the network
  torch::Tensor tensor;
  double rate = 1;  ///< factor of the learning rate
};

/// Updates parameters from their gradients.
class Optimizer {
 public:
  /// @param options must outlive this. @throws InputError when they exclude each other.
  Optimizer(const OptimizerOptions& options, std::vector<TrainedParameter> parameters);

  /// One update with the learning rate `options.learning_rate * multiplier * parameter.rate`. A parameter without a gradient
  /// stays as it is.
  void step(double multiplier);

  /// Moments and counters by `<parameter>.<what>`; empty before the first step.
  NamedTensors state() const;
  /// @throws InputError when the names do not fit. @param where names the source in messages.
  void load_state(const NamedTensors& state, const std::string& where);

 private:
  const OptimizerOptions& options_;
  std::vector<TrainedParameter> parameters_;
  std::vector<double> group_rates_;  ///< of the optimiser's groups
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

}  // namespace fovea
