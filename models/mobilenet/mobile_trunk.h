#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/models/backbone_attention.h>
#include <fovea/models/mobilenet/inverted_residual.h>
#include <fovea/nn/key_mapping.h>

namespace fovea {

/// Rounding of channels in MobileNets: to a multiple of 8, at least 8, at least nine tenths of `channels`.
std::int64_t mobile_width(double channels);

/// Architecture of a MobileNet before its pool.
struct MobileTrunkShape {
  std::int64_t stem = 0;  ///< channels of the 3x3 convolution with stride 2 that reads the image
  std::vector<std::vector<InvertedResidualShape>> stages;
  std::int64_t last = 0;                      ///< channels of the 1x1 convolution after the blocks
  Activation activation = Activation::relu6;  ///< after the first and the last convolution

  bool operator==(const MobileTrunkShape&) const = default;
};

/// Names of these layers: dotted paths below the network.
struct MobileTrunkNames {
  struct Block {
    std::string path;
    InvertedResidualNames layers;
  };
  std::string stem, stem_norm;
  std::vector<std::vector<Block>> stages;
  std::string last, last_norm;
  std::vector<std::string> hooked;  ///< modules whose features hooks see: one per stage, then that of the last convolution

  /// Names of all layers, in an order that is the same for every library.
  std::vector<std::string> layers() const;
};

/// torchvision's names: `features.N`. @param block_names names of the layers of a block.
MobileTrunkNames torchvision_trunk(const MobileTrunkShape& shape,
                                   const std::function<InvertedResidualNames(const InvertedResidualShape&)>& block_names);

/// timm's names: `conv_stem`, `blocks.S.B`. @param last, last_norm, last_hooked of the last convolution, which differ
/// between networks.
MobileTrunkNames timm_trunk(const MobileTrunkShape& shape, const std::string& last, const std::string& last_norm,
                            const std::string& last_hooked);

/// KeyMapping::keys from the names `own` to the names `external` of the same trunk.
std::map<std::string, ExternalKey> renamed_layers(const MobileTrunkNames& own, const MobileTrunkNames& external);

/// A MobileNet up to its pool: a convolution, stages of inverted residual blocks, a 1x1 convolution that counts as the last
/// stage, and the insertion points around them (`stage1_gate`, ..., `pool`). Hooks see `features` after every stage.
class MobileTrunk {
 public:
  /// Registers every module in `owner`. @param stochastic_depth probability of the last block, lower before; see
  /// stochastic_depth_probability().
  MobileTrunk(torch::nn::Module& owner, const MobileTrunkShape& shape, const MobileTrunkNames& names,
              const InvertedResidualSettings& settings, double stochastic_depth, const InputSpec& input,
              AttentionFactory& attention);

  /// Length of each image's vector from forward().
  std::int64_t out_features() const { return out_features_; }

  /// [N, C, H, W] -> [N, out_features()]. @throws ShapeError, naming `owner`, when the images have another number of
  /// channels.
  torch::Tensor forward(const torch::nn::Module& owner, const torch::Tensor& images, ForwardContext& context);

 private:
  std::int64_t in_channels_;
  Activation activation_;
  BackboneAttention attention_;
  torch::nn::Conv2d stem_{nullptr}, last_{nullptr};
  torch::nn::BatchNorm2d stem_norm_{nullptr}, last_norm_{nullptr};
  std::vector<std::vector<std::shared_ptr<InvertedResidualImpl>>> stages_;
  std::vector<const torch::nn::Module*> hooked_;
  std::int64_t out_features_ = 0;
};

}  // namespace fovea
