#pragma once

#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/forward_hooks.h>
#include <fovea/nn/forward_stream.h>
#include <fovea/nn/hard_choice.h>

namespace fovea {

/// Source of the hard choices of a forward pass.
enum class PolicyMode {
  sample,  ///< drawn from the policy: training
  mean,    ///< the policy's mean, or its most probable elements: evaluation
  random,  ///< uniformly random: control
  centre,  ///< the centre of the image, or the elements nearest to it: control
  replay,  ///< given locations: control
};

/// State of one forward pass. Modules keep no state between passes, so one network can run in several threads at the same
/// time, each with its own context.
struct ForwardContext {
  ForwardHooks* hooks = nullptr;                             ///< optional
  ForwardStream random = RandomStream(0, Purpose::forward);  ///< every random draw of this pass comes from here
  PolicyMode policy = PolicyMode::mean;                      ///< for networks with hard choices
  /// Standard deviation of a location policy, > 0 with PolicyMode::sample; in units of [-1, 1].
  double standard_deviation = 0;
  std::int64_t rollouts = 1;         ///< rollouts per image; see GlimpseTrajectory
  torch::Tensor replay;              ///< choices of PolicyMode::replay; locations [R, T, 2], see GlimpseTrajectory
  std::vector<HardChoices> choices;  ///< of this pass, in the order in which modules made them
  torch::Tensor theta;               ///< set by a warp for the modules after it; see AttentionMap::theta
  std::vector<std::pair<std::string, torch::Tensor>> losses;  ///< auxiliary losses: named scalars that the objective adds
  /// Logits [N, K] of auxiliary classifiers, which the objective trains like those of the network.
  std::vector<std::pair<std::string, torch::Tensor>> branch_logits;

  /// Passes a tensor to the hooks. @return the tensor that they return; without hooks, the tensor itself.
  torch::Tensor hook(const torch::nn::Module& module, HookedTensor about, const torch::Tensor& tensor) {
    if (hooks == nullptr) return tensor;
    about.theta = theta;
    return hooks->on_tensor(module, about, tensor);
  }

  /// Passes the output [N, C, H, W] of a block or layer within a stage to the hooks, as hook() does.
  torch::Tensor hook_layer(const torch::nn::Module& module, const torch::Tensor& output) {
    return hooks == nullptr ? output : hook(module, {MapKind::layer}, output);
  }
};

}  // namespace fovea
