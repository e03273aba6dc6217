#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/glimpse/glimpse_network.h>
#include <fovea/glimpse/retina.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// How the locations of R rollouts come about. Either all are given, or the first is, and the policy matches the others: its
/// mean, or with noise, mean + deviation x noise, clamped to the policy's range.
struct RolloutPlan {
  std::int64_t glimpses = 6;     ///< T >= 1
  torch::Tensor locations;       ///< [R, T, 2], all of them; else undefined
  torch::Tensor first;           ///< [R, 2]; read when `locations` is undefined
  torch::Tensor noise;           ///< [R, T - 1, 2], standard normal; undefined: the mean is taken
  double deviation = 0;          ///< of the samples; > 0 when there is noise
  bool record_glimpses = false;  ///< fill in the trajectory's windows and patches
};

/// Lets a network look, step by step. The gradient of the logits reaches encoder, core and classifier, that of the baselines
/// the baseline layer, that of means and log-probabilities the location policy, and none of them anything else: states are
/// detached where policy and baseline read them, and locations where the network looks.
///
/// Composed of library operators: the reference for fused_rollout(), and the way for every encoder and device.
GlimpseTrajectory composed_rollout(const GlimpseNetwork& network, const Retina& retina, const RolloutPlan& plan);

/// Whether fused_rollout() can take its place.
bool can_fuse(const GlimpseNetwork& network, const Retina& retina);

/// The same as one autograd function, with the gradient written by hand: the tensors of all steps are allocated once, what
/// does not go from step to step is one matrix product over all steps, and weight gradients are one product for each layer.
/// Its gradient reads the trajectory's locations and patches again: they must not be changed in place before.
GlimpseTrajectory fused_rollout(const GlimpseNetwork& network, const Retina& retina, const RolloutPlan& plan);

}  // namespace fovea
