#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <torch/torch.h>

#include <fovea/nn/batch.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// Trajectory of a glimpse network over T steps. Each of N images has M rollouts (ForwardContext::rollouts); rollout m of
/// image n is row n M + m of R. The first of the T locations is given, and the policy chooses the others: choice t of T - 1
/// is made after step t and is the location of step t + 1.
///
/// Locations, windows and boxes are in normalised coordinates: (x, y) in [-1, 1] from the left and upper outer pixel edge of
/// the image to the right and lower one, as torch's grid_sample with align_corners=False.
struct GlimpseTrajectory {
  torch::Tensor locations;  ///< [R, T, 2]
  torch::Tensor logits;     ///< [R, T, K], after each step
  torch::Tensor means;      ///< [R, T - 1, 2], of the location policy
  torch::Tensor baselines;  ///< [R, T - 1], predicted return of each choice
  torch::Tensor samples;    ///< [R, T - 1, 2], draws of the policy before they are clamped to its range
  torch::Tensor log_probs;  ///< [R, T - 1], log-density of the samples; undefined unless choices were sampled
  /// [R, T, S, 4], windows of the S scales, smallest and finest first: centre x, y, half width, half height. Undefined in
  /// training.
  torch::Tensor windows;
  /// [R, T, S, C, G, G], input of the glimpse encoder: normalised means over the cells of the windows, 0 outside the image.
  /// Undefined in training.
  torch::Tensor patches;
};

/// Output of a classifier, with soft or hard attention.
struct ModelOutput {
  torch::Tensor logits;  ///< [N, K], before softmax; with several rollouts, the logarithm of their mean probability
  std::optional<GlimpseTrajectory> trajectory = std::nullopt;
};

/// Image classifier with K classes. A forward pass changes no state of the module.
class Classifier : public CloneableModule {
 public:
  using CloneableModule::CloneableModule;
  /// The whole output of a batch, drawn and recorded as the context says.
  virtual ModelOutput classify(const Batch& batch, ForwardContext& context) = 0;

  /// Logits alone, for use like any LibTorch module, also in torch::nn::Sequential. Random draws in training are keyed by
  /// LibTorch's default generator, see ContextArgument.
  /// @param images float, normalised, [N, C, H, W]. @return [N, K]. @throws ShapeError when they do not fit the network.
  torch::Tensor forward(const torch::Tensor& images);

  /// True for a glimpse network: its output has a trajectory.
  virtual bool takes_glimpses() const { return false; }

  /// Path of the layer that computes the logits, e.g. "fc"; empty when no single layer does.
  virtual std::string head() const { return {}; }
  /// Path of the convolution that reads the image, e.g. "conv1"; empty when there is none.
  virtual std::string input_layer() const { return {}; }
};

/// Input size and number of classes of a classifier.
struct InputSpec {
  std::int64_t channels = 3;
  std::int64_t height = 32;
  std::int64_t width = 32;
  std::int64_t num_classes = 10;
};

/// A batch of one image of zeros, of the type and on the device of the classifier's parameters.
Batch blank_image(const Classifier& classifier, const InputSpec& input);

/// @return the specification. @param network names it in the message. @throws InputError unless every number is at least 1.
InputSpec expect_possible(const InputSpec& input, const std::string& network);

}  // namespace fovea
