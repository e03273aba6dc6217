#pragma once

#include <cstdint>

#include <torch/torch.h>

namespace fovea {

/// Log-probabilities [N, K] of logits [N, K], in float64 on the CPU, so that scores do not depend on the device's rounding.
inline torch::Tensor log_probabilities(const torch::Tensor& logits) {
  return torch::log_softmax(logits.to(torch::kCPU, torch::kFloat64), 1).contiguous();
}

/// The class with the highest score. Ties go to the lower class, so that the result does not depend on a sort.
inline std::int64_t highest_class(const torch::TensorAccessor<double, 1>& scores) {
  std::int64_t highest = 0;
  for (std::int64_t k = 1; k < scores.size(0); ++k) {
    if (scores[k] > scores[highest]) highest = k;
  }
  return highest;
}

}  // namespace fovea
