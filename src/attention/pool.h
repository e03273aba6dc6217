#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/forward_context.h>

namespace fovea {

/// What a stage gave.
struct StageFeatures {
  /// @param stage_frame undefined: the stage lies on the input as it is.
  StageFeatures(torch::Tensor stage_features, torch::Tensor stage_frame = {})
      : features(std::move(stage_features)), frame(std::move(stage_frame)) {}

  torch::Tensor features;  ///< [N, C, H, W], or tokens [N, L, C]
  torch::Tensor frame;     ///< ForwardContext::frame behind the stage: where its cells lie
};

/// What a pool may look at.
struct PoolInput {
  torch::Tensor features;       ///< [N, C, H, W], or tokens [N, L, C]
  torch::Tensor query = {};     ///< [N, Q] who asks; undefined when the pool asks by itself
  torch::Tensor position = {};  ///< where a pool is told to look: cell (x, y) as [N, 2], or token [N]; or undefined
  std::vector<StageFeatures> stages = {};  ///< every stage's result, for pools that read several
};

/// Attention that gathers a feature map into one vector per image: -> [N, out_features()].
class Pool : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;
  virtual torch::Tensor forward(const PoolInput& input, ForwardContext& context) = 0;
  virtual std::int64_t out_features() const = 0;
};

}  // namespace fovea
