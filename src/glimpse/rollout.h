#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/glimpse/glimpse_network.h>
#include <fovea/glimpse/retina.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Locations of R rollouts. Either all are given, or the first is given and the policy chooses the others: its mean, or with
/// noise, mean + standard deviation x noise, clamped to the policy's range.
struct RolloutPlan {
  std::int64_t glimpses = 6;      ///< T >= 1
  torch::Tensor locations;        ///< [R, T, 2], all locations; or undefined
  torch::Tensor first;            ///< [R, 2]; read when `locations` is undefined
  torch::Tensor noise;            ///< [R, T - 1, 2], standard normal; undefined: the means
  double standard_deviation = 0;  ///< of the samples; > 0 with noise
  bool record_glimpses = false;   ///< fill in the trajectory's windows and patches
};

/// Rollout of a glimpse network over T steps. The gradient of the logits reaches encoder, core and classifier only, that of
/// the baselines the baseline layer only, and that of means and log-probabilities the location policy only: states are
/// detached for policy and baseline, and locations for the retina.
///
/// Uses LibTorch operators: the reference for fused_rollout(), and the implementation for every encoder and device.
GlimpseTrajectory composed_rollout(const GlimpseNetwork& network, const Retina& retina, const RolloutPlan& plan);

/// True when fused_rollout() supports the network and the device.
bool can_fuse(const GlimpseNetwork& network, const Retina& retina);

/// composed_rollout() as one autograd function with a manual gradient: the tensors of all steps are allocated once,
/// operations without dependency between steps are one matrix product over all steps, and weight gradients are one product
/// per layer. Requires can_fuse(). The backward pass reads the trajectory's locations and patches: they must not be changed
/// in place before.
GlimpseTrajectory fused_rollout(const GlimpseNetwork& network, const Retina& retina, const RolloutPlan& plan);

}  // namespace fovea
