#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/base/random.h>
#include <fovea/nn/forward_context.h>
#include <fovea/nn/key_mapping.h>

namespace fovea {

/// Whose VGG: they have the same weights under other names, and give the same logits for images of 224 x 224.
enum class VggVariant {
  torchvision,  ///< features pooled to 7 x 7, three linear layers: `classifier.0`, `.3` and `.6`
  timm,         ///< a 7x7 and a 1x1 convolution, `pre_logits.fc1` and `.fc2`, the mean over their positions, a linear layer
                ///< `head.fc`; features of less than 7 positions in a direction are pooled up to 7
};

/// The hidden layers of a VGG and the one that makes the logits, registered in the network.
class VggHead {
 public:
  /// @param hidden widths of the two hidden layers.
  VggHead(torch::nn::Module& owner, VggVariant variant, std::int64_t channels, const std::array<std::int64_t, 2>& hidden,
          std::int64_t num_classes);
  /// No hidden layers. @param features that arrive for each image, in one vector.
  VggHead(torch::nn::Module& owner, VggVariant variant, std::int64_t features, std::int64_t num_classes);
  VggHead() = default;

  /// [N, C, H, W], or [N, C] without hidden layers -> logits [N, K].
  /// @param drop_probability of a feature behind each hidden layer and before the last; 0 in evaluation.
  torch::Tensor forward(const torch::Tensor& features, double drop_probability, ForwardContext& context);

  /// Starts the hidden layers He-normal by fan-in, as ReLUs follow them (arXiv:1502.01852): the same in both variants.
  void initialise(const RandomStream& stream);

  /// Path of the last layer.
  std::string logits() const;
  /// The other variant's names and shapes, and that the own ones are the variant's.
  std::vector<KeyMapping> key_mappings() const;

 private:
  VggVariant variant_ = VggVariant::torchvision;
  std::vector<torch::nn::AnyModule> hidden_;                ///< linear, or with timm convolutions
  std::vector<std::vector<std::int64_t>> external_shapes_;  ///< of the hidden layers' weights in the other variant
  torch::nn::Linear logits_{nullptr};
};

}  // namespace fovea
