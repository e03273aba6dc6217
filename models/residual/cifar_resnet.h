#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/models/backbone_attention.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/options/fields.h>

namespace fovea {

/// How a block's input reaches its output when their shapes differ.
enum class Shortcut {
  pad,   ///< every stride-th pixel, new channels zero (option A): no parameters
  conv,  ///< 1x1 convolution and batch norm (option B)
};

struct CifarResnetOptions {
  std::int64_t depth = 20;  ///< layers with weights: 6n + 2
  std::int64_t width = 16;  ///< channels of the first stage; the second and third have two and four times as many
  Shortcut shortcut = Shortcut::pad;
  double dropout = 0;           ///< of a feature before the last layer; see dropout()
  double stochastic_depth = 0;  ///< of the last block's branch, less before; see stochastic_depth_probability()
  bool depth_is_name = false;   ///< the depth is part of the network's name and no option

  void visit_fields(FieldVisitor& fields);
};

/// Two 3x3 convolutions with batch norm, a gate, and the sum with the input.
class CifarResnetBlockImpl final : public CloneableModule {
 public:
  /// @param in what arrives. @param path the block's name, e.g. "layer2.0". @param drop_probability of the branch, in
  /// training.
  CifarResnetBlockImpl(const FeatureShape& in, std::int64_t out_channels, std::int64_t stride, Shortcut shortcut,
                       std::int64_t stage, const std::string& path, AttentionFactory& attention,
                       double drop_probability = 0);
  torch::Tensor forward(const torch::Tensor& features, ForwardContext& context);

 private:
  torch::Tensor shortcut(const torch::Tensor& features);

  std::int64_t stride_;
  std::int64_t new_channels_;
  double drop_probability_;
  std::string path_;
  torch::nn::Conv2d conv1_{nullptr}, conv2_{nullptr};
  torch::nn::BatchNorm2d bn1_{nullptr}, bn2_{nullptr};
  torch::nn::Sequential downsample_{nullptr};
  std::shared_ptr<Mixer> mixer_;  ///< in place of conv2
  ResidualJoin join_;
};
TORCH_MODULE(CifarResnetBlock);

/// The CIFAR networks of "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 4.2: a 3x3 convolution,
/// three stages of n blocks with 16, 32 and 64 channels at full, half and quarter resolution, global average pooling, one
/// linear layer. Parameter names are torchvision's (`conv1`, `layer1.0.conv1`, `fc`); a gate is registered as `se`, timm's
/// name. Dropout and stochastic depth act in training only. Differs from the paper: nothing with the default options. Any
/// number of channels and any image size.
class CifarResnetImpl final : public Classifier {
 public:
  /// @throws InputError unless depth is 6n + 2.
  CifarResnetImpl(const CifarResnetOptions& options, const InputSpec& input, AttentionFactory& attention);

  /// Hooks see `features` behind every stage. @throws ShapeError when the batch has another number of channels.
  ModelOutput forward(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "fc"; }
  std::string input_layer() const override { return "conv1"; }

 private:
  torch::nn::ModuleList make_stage(const CifarResnetOptions& options, std::int64_t number, FeatureShape& shape,
                                   AttentionFactory& attention);

  std::int64_t in_channels_;
  double dropout_;
  BackboneAttention attention_;
  torch::nn::Conv2d conv1_{nullptr};
  torch::nn::BatchNorm2d bn1_{nullptr};
  std::vector<torch::nn::ModuleList> stages_;
  torch::nn::Linear fc_{nullptr};
};
TORCH_MODULE(CifarResnet);

}  // namespace fovea
