#pragma once

#include <memory>

#include <torch/torch.h>

#include <fovea/glimpse/glimpse_encoder.h>
#include <fovea/glimpse/location_policy.h>
#include <fovea/glimpse/recurrent_core.h>

namespace fovea {

/// Modules of a glimpse network that a rollout runs.
struct GlimpseNetwork {
  std::shared_ptr<GlimpseEncoder> encoder;
  std::shared_ptr<RecurrentCoreImpl> core;
  std::shared_ptr<LocationPolicyImpl> policy;
  torch::nn::Linear baseline{nullptr};    ///< [R, width] -> [R, 1]: predicted return of the next choice
  torch::nn::Linear classifier{nullptr};  ///< [R, width] -> [R, K]
};

}  // namespace fovea
