#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/convolution_norm.h>
#include <fovea/attention/gate.h>
#include <fovea/attention/spatial/bottleneck_gate.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/key_mapping.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Implementation that the details are taken from.
enum class CbamVariant {
  timm,      ///< the spatial gate's planes are [mean, maximum]; biases in the channel bottleneck only with `bias`
  official,  ///< the authors' code: planes [maximum, mean]; biases; batch norm momentum 0.01 instead of 0.1
  paper,     ///< planes [mean, maximum]; biases, also in the spatial convolution, which has no batch norm behind it
};

/// The bottleneck is that of the channel gate; `divisor` is for variant timm only.
struct CbamOptions {
  double reduction_ratio = 16;        ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 1;           ///< the width taken from reduction_ratio is a multiple of this
  CbamVariant variant = CbamVariant::timm;
  std::int64_t kernel_size = 7;                  ///< odd; of the spatial convolution
  bool bias = false;                             ///< timm: in both layers of the channel bottleneck
  std::vector<std::string> pools{"avg", "max"};  ///< of the channel gate, summed: avg, max, lp, lse
  Activation activation = Activation::relu;      ///< inside the channel bottleneck
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Pooling of a channel's plane to one number.
enum class CbamPool {
  average,
  maximum,
  norm,  ///< the root of the sum of squares
  log_sum_exp,
};

/// CBAM's channel gate: x * gate(sum over pools of M(pool(x))), M(y) = W2 activation(W1 y), pools over positions.
class CbamChannelGateImpl final : public BottleneckGate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range, a
  /// pool is unknown, or reduced_channels is set beside reduction_ratio or divisor.
  explicit CbamChannelGateImpl(std::int64_t channels, CbamOptions options = {});
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  CbamOptions options_;
  std::vector<CbamPool> pools_;
};
TORCH_MODULE(CbamChannelGate);

/// CBAM's spatial gate: x * gate(BN(conv([mean(x); max(x)]))), mean and maximum over channels; no BN in variant paper.
class CbamSpatialGateImpl final : public Gate, public SelfInitialising {
 public:
  /// @throws InputError when an option is out of its range, or kernel_size is even.
  explicit CbamSpatialGateImpl(CbamOptions options = {});
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;
  /// Variant official: the scale of batch norm starts at 0, so the gate at 1/2 everywhere, as in the authors' networks.
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  CbamOptions options_;
  std::shared_ptr<ConvolutionNormImpl> conv_;
  torch::nn::Conv2d plain_conv_{nullptr};  ///< in its place in variant paper
};
TORCH_MODULE(CbamSpatialGate);

/// CBAM, "CBAM: Convolutional Block Attention Module", arXiv:1807.06521: the channel gate, then the spatial gate.
/// Parameter names are timm's (`channel.fc1`, `channel.fc2`, `spatial.conv.conv`, `spatial.conv.bn`; variant paper:
/// `spatial.conv` alone). The authors' names are the mapping `official`: `ChannelGate.mlp.1`, `ChannelGate.mlp.3`,
/// `SpatialGate.spatial.conv` and `SpatialGate.spatial.bn` in a block called `cbam`. Variants timm and official have the
/// planes in opposite orders; their mappings swap them, so weights of one load into the other.
/// Differs from the paper, except in variant paper: batch norm behind the spatial convolution, which has no bias; no biases
/// in timm's channel bottleneck; official's order of planes. Pools lp and lse come from the authors' code.
class CbamImpl final : public Gate, public HasKeyMappings {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range,
  /// kernel_size is even, a pool is unknown, or an option of variant timm is set with another variant.
  explicit CbamImpl(std::int64_t channels, CbamOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see a channel gate [N, C, 1, 1] at `channel` and a spatial
  /// gate [N, 1, H, W] at `spatial`, both in [0, 1]. @throws ShapeError if features is not 4-D or C differs. The spatial
  /// gate's batch norm depends on train/eval mode; variant paper has none.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

  std::vector<KeyMapping> key_mappings() const override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  CbamOptions options_;
  std::shared_ptr<CbamChannelGateImpl> channel_;
  std::shared_ptr<CbamSpatialGateImpl> spatial_;
};
TORCH_MODULE(Cbam);

}  // namespace fovea
