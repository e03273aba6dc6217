#pragma once

#include <cstdint>

#include <torch/torch.h>

namespace fovea {

/// A matrix: a linear layer without bias.
inline torch::nn::Linear plain_linear(std::int64_t in_features, std::int64_t out_features) {
  return torch::nn::Linear(torch::nn::LinearOptions(in_features, out_features).bias(false));
}

}  // namespace fovea
