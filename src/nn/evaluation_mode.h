#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// Evaluation mode for a scope; its end restores the mode of every module. A network that is in evaluation mode already is
/// only read, so that several threads may use it.
class EvaluationMode {
 public:
  explicit EvaluationMode(torch::nn::Module& network)
      : network_(network), training_(network.is_training()), changed_(training_) {
    for (const auto& module : network.modules(/*include_self=*/false)) {
      below_.emplace_back(module, module->is_training());
      changed_ = changed_ || module->is_training();
    }
    if (changed_) network.eval();
  }
  ~EvaluationMode() {
    if (!changed_) return;
    // train(mode) reaches the modules below too, so parents come first: modules() lists them so.
    network_.train(training_);
    for (const auto& [module, training] : below_) module->train(training);
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  torch::nn::Module& network_;
  bool training_;
  bool changed_;
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> below_;
};

}  // namespace fovea
