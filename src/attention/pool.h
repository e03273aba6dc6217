#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/context_argument.h>

namespace fovea {

/// Output of a stage.
struct StageFeatures {
  /// @param stage_theta see `theta`.
  StageFeatures(torch::Tensor stage_features, torch::Tensor stage_theta = {})
      : features(std::move(stage_features)), theta(std::move(stage_theta)) {}

  torch::Tensor features;  ///< [N, C, H, W], or tokens [N, L, C]
  torch::Tensor theta;     ///< ForwardContext::theta behind the stage; undefined for the identity
};

/// Input of a pool.
struct PoolInput {
  torch::Tensor features;       ///< [N, C, H, W], or tokens [N, L, C]
  torch::Tensor query = {};     ///< [N, Q], from the network; undefined when the pool has its own
  torch::Tensor position = {};  ///< centre of the attended window: (x, y) as [N, 2], or token [N]; may be undefined
  std::vector<StageFeatures> stages = {};  ///< outputs of all stages, for pools that read several
};

/// Attention that gathers a feature map into one vector per image: -> [N, out_features()].
class Pool : public ContextModule {
 public:
  using ContextModule::ContextModule;

  /// attend() with features alone, for pools with their own query that read no other stages.
  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {}) {
    return attend({.features = features}, context.of(*this));
  }
  virtual torch::Tensor attend(const PoolInput& input, ForwardContext& context) = 0;
  virtual std::int64_t out_features() const = 0;
};

}  // namespace fovea
