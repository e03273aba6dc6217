#pragma once

#include <cstdint>

#include <torch/torch.h>

namespace fovea {

/// [N, L, heads D] -> [N, heads, L, D].
inline torch::Tensor split_heads(const torch::Tensor& tokens, std::int64_t heads) {
  return tokens.unflatten(2, {heads, -1}).transpose(1, 2);
}

/// [N, heads, L, D] -> [N, L, heads D].
inline torch::Tensor merge_heads(const torch::Tensor& tokens) {
  return tokens.transpose(1, 2).flatten(2);
}

}  // namespace fovea
