#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/nn/activation.h>
#include <fovea/nn/context_argument.h>

namespace fovea {

/// Names of the layers of an inverted residual block: dotted paths below the block.
struct InvertedResidualNames {
  std::string expand, expand_norm;  ///< empty for a block that does not expand
  std::string depthwise, depthwise_norm;
  std::string gate;  ///< squeeze-and-excitation, or the gate in its place
  ExcitationNames excitation = ExcitationNames::fc;
  std::string project, project_norm;

  /// All names, and those of the layers of squeeze-and-excitation, in an order that is the same for every library.
  std::vector<std::string> layers() const;
};

/// timm's names: InvertedResidual, and DepthwiseSeparableConv for a block that does not expand.
InvertedResidualNames timm_inverted_residual(bool expands);

/// Architecture of an inverted residual block.
struct InvertedResidualShape {
  bool expands = true;            ///< the block begins with a 1x1 convolution
  std::int64_t expanded = 0;      ///< channels of the depthwise convolution; those of the input without `expands`
  std::int64_t out_channels = 0;  ///< channels of the output
  std::int64_t kernel = 3;        ///< side of the depthwise convolution, odd
  std::int64_t stride = 1;
  bool excited = false;  ///< the published network has squeeze-and-excitation here
  Activation activation = Activation::relu6;

  bool operator==(const InvertedResidualShape&) const = default;
};

/// Settings that all blocks of a network share.
struct InvertedResidualSettings {
  double norm_epsilon = 1e-5;
  double norm_momentum = 0.1;      ///< weight of a new batch in the running statistics, as in torch
  bool squeeze_excitation = true;  ///< in the blocks that are `excited`
};

/// Arguments of an inverted residual block.
struct InvertedResidualPlan {
  FeatureShape in;  ///< shape of the input
  InvertedResidualShape shape;
  InvertedResidualNames names;
  InvertedResidualSettings settings = {};
  std::int64_t stage = 1;       ///< from 1
  std::string path = {};        ///< the block's name
  double drop_probability = 0;  ///< of the branch, in training; unused without a shortcut
};

/// Batch norm with the epsilon and momentum of the settings.
torch::nn::BatchNorm2d mobile_norm(std::int64_t channels, const InvertedResidualSettings& settings);

/// Block of MobileNetV2 and MobileNetV3: a 1x1 convolution to more channels, a depthwise convolution, a gate, a 1x1
/// convolution to fewer channels without activation, and the sum with the input where their shapes agree. The gate acts on
/// the expanded channels, as squeeze-and-excitation does in MobileNetV3. A factory's gate replaces the block's own, if any;
/// a factory's mixer replaces the depthwise convolution.
class InvertedResidualImpl final : public ContextModule {
 public:
  /// @throws InputError unless channels, kernel and stride are at least 1.
  explicit InvertedResidualImpl(const InvertedResidualPlan& plan, AttentionFactory& attention = no_attention());

  /// @param features [N, C, H, W]. @return [N, out_channels, ceil(H / stride), ceil(W / stride)].
  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {});

  /// Shape of the output of forward().
  const FeatureShape& output_shape() const { return output_shape_; }

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InvertedResidualPlan plan_;
  bool residual_;
  FeatureShape output_shape_;
  torch::nn::Conv2d expand_{nullptr}, depthwise_{nullptr}, project_{nullptr};
  torch::nn::BatchNorm2d expand_norm_{nullptr}, depthwise_norm_{nullptr}, project_norm_{nullptr};
  std::shared_ptr<Mixer> mixer_;  ///< in place of depthwise_
  std::shared_ptr<Gate> gate_;
};
TORCH_MODULE(InvertedResidual);

}  // namespace fovea
