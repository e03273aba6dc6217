#pragma once

#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/base/random.h>
#include <fovea/nn/forward_hooks.h>

namespace fovea {

/// How a hard choice is made during a forward pass.
enum class PolicyMode {
  sample,  ///< drawn from the policy: training
  mean,    ///< the policy's mean or most likely choice: evaluation
  random,  ///< drawn without looking: control
  centre,  ///< always the centre: control
  replay,  ///< choices given from outside: control
};

/// What travels with one forward pass. Modules keep nothing between passes, so one network can be traced, sampled and
/// trained from several threads at once, each with a context of its own.
struct ForwardContext {
  ForwardHooks* hooks = nullptr;             ///< optional
  RandomStream random{0, Purpose::forward};  ///< every random draw of this pass comes from here
  PolicyMode policy = PolicyMode::mean;      ///< for networks with hard choices
  /// Of PolicyMode::sample, > 0: how far choices scatter. Of locations, their standard deviation in units of [-1, 1].
  double deviation = 0;
  std::int64_t rollouts = 1;  ///< how often each image's choices are made anew; see GlimpseTrajectory
  torch::Tensor replay;       ///< the choices of PolicyMode::replay; of locations [R, T, 2], see GlimpseTrajectory
  torch::Tensor theta;        ///< set by a warp for what follows it; see AttentionMap::theta
  std::vector<std::pair<std::string, torch::Tensor>> losses;  ///< named scalar terms the objective adds
  /// [N, K] each: class scores of branches, which the objective trains like the network's own.
  std::vector<std::pair<std::string, torch::Tensor>> branch_logits;
  std::vector<std::pair<std::string, torch::Tensor>> log_probs;  ///< [N] each, of the hard choices that were sampled

  /// Gives a tensor of interest to the hooks, and what they answer back; without hooks, the tensor itself.
  torch::Tensor hook(const torch::nn::Module& module, HookedTensor about, const torch::Tensor& tensor) {
    if (hooks == nullptr) return tensor;
    about.theta = theta;
    return hooks->on_tensor(module, about, tensor);
  }
};

}  // namespace fovea
