#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/models/backbone_attention.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/context_argument.h>
#include <fovea/nn/key_mapping.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Shortcut of a block whose input and output differ in shape.
enum class Shortcut {
  pad,       ///< every stride-th position, zeros behind the channels (option A): no parameters
  pad_both,  ///< the same with half of the zeros before the channels and half behind them
  conv,      ///< 1x1 convolution and batch norm (option B)
};

struct CifarResnetOptions {
  std::int64_t depth = 20;  ///< layers with weights: 6n + 2
  std::int64_t width = 16;  ///< channels of the first stage; the second and third have two and four times as many
  Shortcut shortcut = Shortcut::pad;
  double dropout = 0;           ///< probability, of a feature before the last layer; see apply_dropout()
  double stochastic_depth = 0;  ///< of the last block's branch, lower before; see stochastic_depth_probability()

  void visit_fields(FieldVisitor& fields);
};

/// Arguments of a block of a CIFAR ResNet.
struct CifarResnetBlockPlan {
  FeatureShape in;  ///< shape of the input
  std::int64_t out_channels = 16;
  std::int64_t stride = 1;
  Shortcut shortcut = Shortcut::pad;
  std::int64_t stage = 1;
  std::string path = {};        ///< the block's name, e.g. "layer2.0"
  double drop_probability = 0;  ///< of the branch, in training

  /// Channels of the output beyond those of the input.
  std::int64_t new_channels() const { return out_channels - in.channels; }
  /// Those of them that come before the channels of the input.
  std::int64_t channels_before() const { return shortcut == Shortcut::pad_both ? new_channels() / 2 : 0; }
};

/// Residual block: two 3x3 convolutions with batch norm, a gate, and the sum with the shortcut.
class CifarResnetBlockImpl final : public ContextModule {
 public:
  /// @throws InputError unless channels and stride are at least 1.
  explicit CifarResnetBlockImpl(const CifarResnetBlockPlan& plan, AttentionFactory& attention = no_attention());
  /// [N, C, H, W] -> [N, out_channels, ceil(H / stride), ceil(W / stride)].
  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {});

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  torch::Tensor shortcut(const torch::Tensor& features, ForwardContext& context);

  CifarResnetBlockPlan plan_;
  torch::nn::Conv2d conv1_{nullptr}, conv2_{nullptr};
  torch::nn::BatchNorm2d bn1_{nullptr}, bn2_{nullptr};
  torch::nn::Sequential downsample_{nullptr};
  std::shared_ptr<Mixer> mixer_;  ///< in place of conv2
  ResidualJoin join_;
};
TORCH_MODULE(CifarResnetBlock);

/// CIFAR networks of "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 4.2: a 3x3 convolution,
/// three stages of n blocks with 16, 32 and 64 channels at full, half and quarter resolution, global average pooling, one
/// linear layer. Parameter names are torchvision's (`conv1`, `layer1.0.conv1`, `fc`); a gate is registered as `se`, timm's
/// name. The names of akamaster's pytorch_resnet_cifar10 (`linear`, `shortcut.0`), whose shortcuts are `pad_both`, are a key
/// mapping. Dropout and stochastic depth act in training only. Differs from the paper: nothing with the default options. Any
/// number of channels and any image size.
class CifarResnetImpl final : public Classifier, public HasKeyMappings {
 public:
  /// @throws InputError when an option is out of its range, or depth is not 6n + 2.
  explicit CifarResnetImpl(const CifarResnetOptions& options = {}, const InputSpec& input = {},
                           AttentionFactory& attention = no_attention());

  /// Hooks see `features` after every stage. @throws ShapeError when the batch has another number of channels.
  ModelOutput classify(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "fc"; }
  std::string input_layer() const override { return "conv1"; }
  std::vector<KeyMapping> key_mappings() const override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  torch::nn::ModuleList make_stage(std::int64_t number, FeatureShape& shape, AttentionFactory& attention);

  CifarResnetOptions options_;
  InputSpec input_;
  BackboneAttention attention_;
  torch::nn::Conv2d conv1_{nullptr};
  torch::nn::BatchNorm2d bn1_{nullptr};
  std::vector<torch::nn::ModuleList> stages_;
  torch::nn::Linear fc_{nullptr};
};
TORCH_MODULE(CifarResnet);

}  // namespace fovea
