#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/models/backbone_attention.h>
#include <fovea/models/residual/resnet_blocks.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/key_mapping.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The 3x3 max pool with stride 2 at the end of a stem.
enum class StemPool {
  padded,  ///< one position of padding on every side, as in torchvision and timm
  ceil,    ///< no padding, the size rounded up, as in Caffe and Cadene's networks (ceil_mode)
};

/// Layers before the first stage, with a total stride of 4. Each stem ends with a 3x3 max pool.
enum class ResnetStem {
  plain,        ///< a 7x7 convolution with 64 channels
  deep,         ///< three 3x3 convolutions with w, w and 2w channels, w being the stem's width
  deep_tiered,  ///< the same with 3 floor(w / 4), w and 2w
};

struct ResnetOptions {
  ResnetBlockKind block = ResnetBlockKind::basic;
  std::vector<std::int64_t> layers{2, 2, 2, 2};           ///< blocks of each stage
  std::vector<std::int64_t> channels{64, 128, 256, 512};  ///< of each stage; a bottleneck returns four times as many
  std::int64_t cardinality = 1;                           ///< groups of a bottleneck's 3x3 convolution
  std::int64_t base_width = 64;  ///< a bottleneck has floor(channels x base_width / 64) x cardinality channels inside
  ResnetStem stem = ResnetStem::plain;
  std::int64_t stem_width = 64;  ///< w of a deep stem
  StemPool stem_pool = StemPool::padded;
  BottleneckStride bottleneck_stride = BottleneckStride::conv2;
  double norm_epsilon = 1e-5;  ///< of batch norms
  std::int64_t output_stride =
      32;  ///< pixels per position of the last stage: 32, 16 or 8; below 32, later stages dilate instead of striding
  bool avg_down = false;        ///< shortcuts downsample by 2x2 average pooling instead of a strided convolution
  double dropout = 0;           ///< probability, of a feature before the last layer; see apply_dropout()
  double stochastic_depth = 0;  ///< of the last block's branch, lower before; see stochastic_depth_probability()

  void visit_fields(FieldVisitor& fields);
};

/// ResNets for photos: a stem, four stages of residual blocks, global average pooling, one linear layer.
///
/// "Deep Residual Learning for Image Recognition", arXiv:1512.03385; with `cardinality`, "Aggregated Residual
/// Transformations for Deep Neural Networks" (ResNeXt), arXiv:1611.05431; with `base_width`, the bottlenecks of "Wide
/// Residual Networks", arXiv:1605.07146; with `stem` and `avg_down`, ResNet-C and -D of "Bag of Tricks for Image
/// Classification with Convolutional Neural Networks", arXiv:1812.01187. With a lower `output_stride`, later stages
/// replace stride by dilation; the first 3x3 convolution of a stage has the dilation of the stage before.
///
/// Parameter names and numbers are those of torchvision and timm, which agree (`conv1`, `layer1.0.conv1`,
/// `layer2.0.downsample.0`, `fc`; `conv1.0` to `conv1.6` in a deep stem); a gate is `se`, timm's name. Dropout and
/// stochastic depth act in training only. Any number of channels and any image size.
///
/// Differs from the paper: a bottleneck shrinks in its 3x3 convolution instead of its first (`bottleneck_stride`), and
/// shortcuts are 1x1 convolutions where shapes change (option B), as in the published weights. It starts as in the paper;
/// timm starts the last norm of each block with 0.
class ResnetImpl final : public Classifier, public HasKeyMappings {
 public:
  /// @throws InputError naming an option that is out of its range, impossible or without effect.
  explicit ResnetImpl(const ResnetOptions& options = {}, const InputSpec& input = {},
                      AttentionFactory& attention = no_attention());

  /// Hooks see `features` after every stage. @throws ShapeError when the batch has another number of channels.
  ModelOutput classify(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "fc"; }
  std::string input_layer() const override { return conv1_ ? "conv1" : "conv1.0"; }
  /// No renames: the names are torchvision's and timm's.
  std::vector<KeyMapping> key_mappings() const override { return {{.name = "torchvision"}, {.name = "timm"}}; }

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  void make_stem(FeatureShape& shape);
  torch::Tensor pooled_stem(const torch::Tensor& features) const;
  void make_stages(FeatureShape& shape, AttentionFactory& attention);

  ResnetOptions options_;
  InputSpec input_;
  BackboneAttention attention_;
  torch::nn::Conv2d conv1_{nullptr};           ///< of a plain stem
  torch::nn::Sequential deep_conv1_{nullptr};  ///< of a deep one
  torch::nn::BatchNorm2d bn1_{nullptr};
  std::vector<torch::nn::ModuleList> stages_;
  torch::nn::Linear fc_{nullptr};
};
TORCH_MODULE(Resnet);

}  // namespace fovea
