#pragma once

#include <torch/torch.h>

namespace fovea {

/// Makes every batch norm of the module the identity in evaluation mode, so that a result can be computed by hand.
inline void make_norms_plain(torch::nn::Module& module) {
  constexpr double kEpsilon = 1e-5;  // is added to the variance
  const torch::NoGradGuard no_grad;
  module.to(torch::kFloat64);
  for (auto& buffer : module.named_buffers()) {
    if (buffer.key().ends_with("running_mean")) buffer.value().zero_();
    if (buffer.key().ends_with("running_var")) buffer.value().fill_(1 - kEpsilon);
  }
}

}  // namespace fovea
