#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/forward_context.h>

namespace fovea {

/// What a pool may look at.
struct PoolInput {
  torch::Tensor features;       ///< [N, C, H, W], or tokens [N, L, C]
  torch::Tensor query = {};     ///< [N, Q] who asks; undefined when the pool asks by itself
  torch::Tensor position = {};  ///< where a pool is told to look: cell (x, y) as [N, 2], or token [N]; or undefined
  std::vector<torch::Tensor> stages = {};  ///< every stage's result, for pools that read several
};

/// Attention that gathers a feature map into one vector per image: -> [N, out_features()].
class Pool : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;
  virtual torch::Tensor forward(const PoolInput& input, ForwardContext& context) = 0;
  virtual std::int64_t out_features() const = 0;
};

}  // namespace fovea
