#pragma once

#include <functional>

#include <torch/torch.h>

namespace fovea {

struct EvaluationOptions {
  int threads = 1;  ///< each evaluates whole batches
  torch::Device device = torch::kCPU;
  std::function<bool()> stop_requested = {};  ///< polled between batches; true ends the evaluation with Interrupted
};

}  // namespace fovea
