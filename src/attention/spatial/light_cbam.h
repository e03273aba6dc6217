#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/convolution_norm.h>
#include <fovea/attention/gate.h>
#include <fovea/attention/spatial/bottleneck_gate.h>
#include <fovea/config/fields.h>

namespace fovea {

struct LightCbamOptions : BottleneckOptions {
  std::int64_t kernel_size = 7;              ///< odd; of the spatial convolution
  bool bias = false;                         ///< in both layers of the channel bottleneck
  Activation activation = Activation::relu;  ///< inside the channel bottleneck

  LightCbamOptions() : BottleneckOptions(16, 1) {}
  void visit_fields(FieldVisitor& fields) override;
};

/// Which channels matter: x * sigmoid(W2 activation(W1 p(x))), p half the mean plus half the maximum over locations.
class LightCbamChannelGate final : public BottleneckGate {
 public:
  LightCbamChannelGate(std::int64_t channels, const LightCbamOptions& options);
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;
};

/// Which locations matter: x * sigmoid(BN(conv(p(x)))), p half the mean plus half the maximum over channels.
class LightCbamSpatialGate final : public Gate {
 public:
  explicit LightCbamSpatialGate(const LightCbamOptions& options);
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::shared_ptr<ConvolutionNorm> conv_;
};

/// timm's lighter form of "CBAM: Convolutional Block Attention Module", arXiv:1807.06521: the channel gate, then the spatial
/// gate, each from one pooled value instead of two. Parameter names and defaults are timm's, as for Cbam.
/// Differs from the paper: mean and maximum are averaged before the bottleneck and before the spatial convolution; batch
/// norm behind that convolution, and no biases in the bottleneck unless `bias`. There is no option for the gate's function,
/// which timm fixes to the sigmoid.
class LightCbam final : public Gate {
 public:
  /// @throws InputError when kernel_size is even.
  LightCbam(std::int64_t channels, const LightCbamOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Taps a channel gate [N, C, 1, 1] at `channel` and a spatial gate
  /// [N, 1, H, W] at `spatial`, both in (0, 1). @throws ShapeError if features is not 4-D or C differs. The spatial gate's
  /// batch norm depends on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  std::shared_ptr<LightCbamChannelGate> channel_;
  std::shared_ptr<LightCbamSpatialGate> spatial_;
};

}  // namespace fovea
