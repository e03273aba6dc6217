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

/// Channels as the MobileNets round them: to a multiple of 8, at least 8, at least nine tenths of `channels`.
std::int64_t mobile_width(double channels);

/// The layers of a MobileNet in front of its pool.
struct MobileTrunkShape {
  std::int64_t stem = 0;  ///< channels of the 3x3 convolution with stride 2 that reads the image
  std::vector<std::vector<InvertedResidualShape>> stages;
  std::int64_t last = 0;                      ///< channels of the 1x1 convolution behind the blocks
  Activation activation = Activation::relu6;  ///< behind the first and the last convolution

  bool operator==(const MobileTrunkShape&) const = default;
};

/// What these layers are called, as dotted paths below the network.
struct MobileTrunkNames {
  struct Block {
    std::string path;
    InvertedResidualNames layers;
  };
  std::string stem, stem_norm;
  std::vector<std::vector<Block>> stages;
  std::string last, last_norm;
  std::vector<std::string> hooked;  ///< by stage, the modules that offer its features; behind them the last convolution's

  /// Every layer, in an order that is the same for every naming.
  std::vector<std::string> layers() const;
};

/// torchvision's names: `features.N`, blocks as `block_names` calls their layers.
MobileTrunkNames torchvision_trunk(const MobileTrunkShape& shape,
                                   const std::function<InvertedResidualNames(const InvertedResidualShape&)>& block_names);

/// timm's names: `conv_stem`, `blocks.S.B`. @param last, last_norm, last_hooked of the last convolution, which differ
/// between networks.
MobileTrunkNames timm_trunk(const MobileTrunkShape& shape, const std::string& last, const std::string& last_norm,
                            const std::string& last_hooked);

/// KeyMapping::keys for layers of the same trunk that have other names there.
std::map<std::string, ExternalKey> renamed_layers(const MobileTrunkNames& own, const MobileTrunkNames& foreign);

/// A MobileNet up to its pool: a convolution, stages of inverted residual blocks, a 1x1 convolution that counts as the last
/// stage, and the insertion points around them (`stage1_gate`, ..., `pool`). Hooks see the features behind every stage.
class MobileTrunk {
 public:
  /// Registers everything in `owner`. @param stochastic_depth of the last block, less before; see
  /// stochastic_depth_probability().
  MobileTrunk(torch::nn::Module& owner, const MobileTrunkShape& shape, const MobileTrunkNames& names,
              const InvertedResidualSettings& settings, double stochastic_depth, const InputSpec& input,
              AttentionFactory& attention);

  /// Length of what forward() gives for each image.
  std::int64_t out_features() const { return out_features_; }

  /// [N, C, H, W] -> [N, out_features()]. @throws ShapeError, naming `owner`, when the images have other channels.
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
