#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <torch/torch.h>

#include <fovea/data/batch.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// What a glimpse network did, step by step (T steps). Locations are (x, y) in [-1, 1] between the image's outer pixel
/// edges.
struct GlimpseTrajectory {
  torch::Tensor means;      ///< [N, T, 2] of the location policy
  torch::Tensor locations;  ///< [N, T, 2] where the network looked
  torch::Tensor log_probs;  ///< [N, T] of the unclamped samples
  torch::Tensor baselines;  ///< [N, T] expected reward
  torch::Tensor logits;     ///< [N, T, K] class scores after each step
  torch::Tensor windows;    ///< [N, T, S, 4] what each of S scales covered; see AttentionMap
};

/// The result of a classifier, soft or hard.
struct ModelOutput {
  torch::Tensor logits;  ///< [N, K], before softmax
  std::optional<GlimpseTrajectory> trajectory = std::nullopt;
};

/// A network that sorts images into K classes. Its forward pass stores nothing in the module.
class Classifier : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;
  virtual ModelOutput forward(const Batch& batch, ForwardContext& context) = 0;

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

}  // namespace fovea
