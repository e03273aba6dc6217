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

/// Library of a VGG. Both have the same weights under different names, and give the same logits for images of 224 x 224.
enum class VggVariant {
  torchvision,  ///< features pooled to 7 x 7, three linear layers: `classifier.0`, `.3` and `.6`
  timm,         ///< a 7x7 and a 1x1 convolution, `pre_logits.fc1` and `.fc2`, global average pooling, a linear layer
                ///< `head.fc`; features with fewer than 7 rows or columns are first resized to 7 by adaptive pooling
};

/// Head of a VGG, registered in the network: two hidden layers, or none, and the layer of the logits.
class VggHead {
 public:
  /// @param channels of the features. @param hidden widths of the two hidden layers.
  VggHead(torch::nn::Module& owner, VggVariant variant, std::int64_t channels, const std::array<std::int64_t, 2>& hidden,
          std::int64_t num_classes);
  /// Without hidden layers. @param features length of each image's vector.
  VggHead(torch::nn::Module& owner, VggVariant variant, std::int64_t features, std::int64_t num_classes);
  VggHead() = default;

  /// [N, C, H, W], or [N, C] without hidden layers -> logits [N, K].
  /// @param drop_probability of a feature before the logits and between the hidden layers; 0 in evaluation.
  torch::Tensor forward(const torch::Tensor& features, double drop_probability, ForwardContext& context);

  /// He initialisation of the hidden layers (normal, by fan-in; arXiv:1502.01852), the same in both variants.
  void initialise(const RandomStream& stream);

  /// Path of the last layer.
  std::string logits() const;
  /// Key mappings of both variants; that of its own renames nothing.
  std::vector<KeyMapping> key_mappings() const;

 private:
  VggVariant variant_ = VggVariant::torchvision;
  std::vector<torch::nn::AnyModule> hidden_;                ///< linear, or with timm convolutions
  std::vector<std::vector<std::int64_t>> external_shapes_;  ///< of the hidden layers' weights in the other variant
  torch::nn::Linear logits_{nullptr};
};

}  // namespace fovea
