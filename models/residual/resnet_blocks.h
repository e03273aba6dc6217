#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/nn/context_argument.h>

namespace fovea {

/// Convolutions in the branch of a residual block.
enum class ResnetBlockKind {
  basic,       ///< two 3x3 convolutions
  bottleneck,  ///< 1x1, 3x3 and 1x1; the last has four times the stage's channels
};

/// The convolution of a bottleneck that downsamples.
enum class BottleneckStride {
  conv2,  ///< the 3x3 one, as in torchvision and timm (ResNet v1.5)
  conv1,  ///< the first 1x1 one, as in the paper, Caffe and Keras
};

/// Arguments of a residual block.
struct ResnetBlockPlan {
  ResnetBlockKind kind = ResnetBlockKind::basic;
  FeatureShape in;               ///< shape of the input
  std::int64_t channels = 64;    ///< of the stage; see out_channels()
  std::int64_t cardinality = 1;  ///< groups of a bottleneck's 3x3 convolution
  std::int64_t base_width = 64;  ///< channels of each group where the stage has 64
  std::int64_t stride = 1;       ///< of the first 3x3 convolution, or of a bottleneck's first
  BottleneckStride bottleneck_stride = BottleneckStride::conv2;
  double norm_epsilon = 1e-5;       ///< of batch norms
  std::int64_t dilation = 1;        ///< of the 3x3 convolutions
  std::int64_t first_dilation = 1;  ///< of the first 3x3 convolution; in a stage's first block that of the stage before
  bool avg_down = false;            ///< shortcuts downsample by 2x2 average pooling instead of a strided convolution
  double drop_probability = 0;      ///< of the branch, in training
  std::int64_t stage = 1;
  std::string path = {};  ///< the block's name, e.g. "layer2.0"

  std::int64_t out_channels() const { return kind == ResnetBlockKind::basic ? channels : 4 * channels; }
  /// Channels inside a bottleneck.
  std::int64_t width() const { return channels * base_width / 64 * cardinality; }
};

/// Residual block: convolutions with batch norm, a gate after the last norm, and the sum with the shortcut. Modules have
/// torchvision's and timm's names: `conv1`, `bn1`, ..., `se`, `downsample`. A mixer replaces `conv2`, which is a 3x3
/// convolution in both kinds; cardinality and dilation do not apply to it.
class ResnetBlockImpl final : public ContextModule {
 public:
  /// @throws InputError unless every number of the plan is at least 1.
  explicit ResnetBlockImpl(const ResnetBlockPlan& plan, AttentionFactory& attention = no_attention());

  /// [N, C, H, W] -> [N, plan.out_channels(), ceil(H / stride), ceil(W / stride)]. @throws ShapeError in training when a
  /// batch norm would have a single value per channel.
  torch::Tensor forward(const torch::Tensor& features, ContextArgument context = {});
  const FeatureShape& output_shape() const { return out_; }

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  /// @param mixer in place of the convolution, or nullptr.
  void add_layer(const torch::nn::Conv2dOptions& convolution, const std::shared_ptr<Mixer>& mixer = nullptr);

  ResnetBlockPlan plan_;
  FeatureShape out_;
  std::vector<torch::nn::Conv2d> convolutions_;  ///< empty where the mixer is
  std::vector<torch::nn::BatchNorm2d> norms_;
  std::shared_ptr<Mixer> mixer_;  ///< in place of conv2
  torch::nn::Sequential downsample_{nullptr};
  ResidualJoin join_;
};
TORCH_MODULE(ResnetBlock);

}  // namespace fovea
