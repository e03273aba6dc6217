#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/convolution_norm.h>
#include <fovea/attention/gate.h>
#include <fovea/attention/spatial/bottleneck_gate.h>
#include <fovea/options/fields.h>

namespace fovea {

struct LightCbamOptions {
  double reduction_ratio = 16;               ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;         ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 1;                  ///< the width taken from reduction_ratio is a multiple of this
  std::int64_t kernel_size = 7;              ///< odd; of the spatial convolution
  bool bias = false;                         ///< in both layers of the channel bottleneck
  Activation activation = Activation::relu;  ///< inside the channel bottleneck

  void visit_fields(FieldVisitor& fields);
};

/// Light CBAM's channel gate: x * sigmoid(W2 activation(W1 p(x))), p half the mean plus half the maximum over positions.
class LightCbamChannelGateImpl final : public BottleneckGate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range, or
  /// reduced_channels is set beside reduction_ratio or divisor.
  explicit LightCbamChannelGateImpl(std::int64_t channels, LightCbamOptions options = {});
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  LightCbamOptions options_;
};
TORCH_MODULE(LightCbamChannelGate);

/// Light CBAM's spatial gate: x * sigmoid(BN(conv(p(x)))), p half the mean plus half the maximum over channels.
class LightCbamSpatialGateImpl final : public Gate {
 public:
  /// @throws InputError when an option is out of its range, or kernel_size is even.
  explicit LightCbamSpatialGateImpl(LightCbamOptions options = {});
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  LightCbamOptions options_;
  std::shared_ptr<ConvolutionNormImpl> conv_;
};
TORCH_MODULE(LightCbamSpatialGate);

/// timm's lighter form of "CBAM: Convolutional Block Attention Module", arXiv:1807.06521: the channel gate, then the spatial
/// gate, each from one pooled value instead of two. Parameter names and defaults are timm's, as for Cbam.
/// Differs from the paper: mean and maximum are averaged before the bottleneck and before the spatial convolution; batch
/// norm behind that convolution, and no biases in the bottleneck unless `bias`. There is no option for the gate's function,
/// which timm fixes to the sigmoid.
class LightCbamImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// or kernel_size is even.
  explicit LightCbamImpl(std::int64_t channels, LightCbamOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see a channel gate [N, C, 1, 1] at `channel` and a spatial
  /// gate [N, 1, H, W] at `spatial`, both in (0, 1). @throws ShapeError if features is not 4-D or C differs. The spatial
  /// gate's batch norm depends on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  LightCbamOptions options_;
  std::shared_ptr<LightCbamChannelGateImpl> channel_;
  std::shared_ptr<LightCbamSpatialGateImpl> spatial_;
};
TORCH_MODULE(LightCbam);

}  // namespace fovea
