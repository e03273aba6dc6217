#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <torch/torch.h>

#include <fovea/nn/batch.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// What a glimpse network did in T steps. Each of N images is looked at M times (ForwardContext::rollouts); rollout m of
/// image n is row n M + m of R. Locations are (x, y) in [-1, 1] between the image's outer pixel edges. Of the T locations
/// the first is given; the policy matches the others, so that choice t, of T - 1, is made after step t and leads to step t
/// + 1.
struct GlimpseTrajectory {
  torch::Tensor locations;  ///< [R, T, 2] where the network looked
  torch::Tensor logits;     ///< [R, T, K] class scores after each step
  torch::Tensor means;      ///< [R, T - 1, 2] of the location policy, within its range
  torch::Tensor baselines;  ///< [R, T - 1] what the network expects each choice to gain
  torch::Tensor samples;    ///< [R, T - 1, 2] what was drawn for each choice, before it was brought into the image
  torch::Tensor log_probs;  ///< [R, T - 1] logarithm of the samples' density; undefined unless choices were sampled
  /// [R, T, S, 4] what each of S scales covered, nearest and finest first: centre x, y, half width, half height in [-1, 1]
  /// of the input. Undefined in training.
  torch::Tensor windows;
  /// [R, T, S, C, G, G] what the network saw: normalised means over the windows' cells, 0 outside the image. Undefined in
  /// training.
  torch::Tensor patches;
};

/// The result of a classifier, soft or hard.
struct ModelOutput {
  torch::Tensor logits;  ///< [N, K], before softmax; of several rollouts, the logarithm of their mean probability
  std::optional<GlimpseTrajectory> trajectory = std::nullopt;
};

/// A network that sorts images into K classes. Its forward pass stores nothing in the module.
class Classifier : public CloneableModule {
 public:
  using CloneableModule::CloneableModule;
  virtual ModelOutput forward(const Batch& batch, ForwardContext& context) = 0;

  /// The logits alone, as other LibTorch modules give them. Random draws of training come from LibTorch's default
  /// generator, see ContextArgument. (A network brings it into its own scope by `using Classifier::forward`.)
  /// @param images float, normalised, [N, C, H, W]. @return [N, K]. @throws ShapeError when they do not fit the network.
  torch::Tensor forward(const torch::Tensor& images);

  /// Whether the network looks at images in glimpses: whether its output has a trajectory.
  virtual bool takes_glimpses() const { return false; }

  /// Path of the layer that makes the logits, e.g. "fc"; empty when no single layer does.
  virtual std::string head() const { return {}; }
  /// Path of the convolution that reads the image, e.g. "conv1"; empty when there is none.
  virtual std::string input_layer() const { return {}; }
};

/// What a classifier is built for.
struct InputSpec {
  std::int64_t channels = 3;
  std::int64_t height = 32;
  std::int64_t width = 32;
  std::int64_t num_classes = 10;
};

/// @return the specification. @param network names it in the message. @throws InputError unless every number is at least 1.
InputSpec expect_possible(const InputSpec& input, const std::string& network);

}  // namespace fovea
