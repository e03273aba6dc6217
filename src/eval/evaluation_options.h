#pragma once

#include <functional>

#include <torch/torch.h>

namespace fovea {

struct EvaluationOptions {
  int threads = 1;  ///< each scores whole batches
  torch::Device device = torch::kCPU;
  std::function<bool()> stop_requested = {};  ///< asked now and then; true ends the evaluation with Interrupted
};

}  // namespace fovea
