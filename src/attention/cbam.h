#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/config/fields.h>

namespace fovea {

struct CbamOptions : Options {
  double reduction_ratio = 16;        ///< width of the channel bottleneck is channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< that width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 1;           ///< the width taken from reduction_ratio is a multiple of this
  std::int64_t kernel_size = 7;       ///< odd; of the spatial convolution
  bool bias = false;                  ///< in both layers of the channel bottleneck
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields) override;
};

/// Which channels matter: x * gate(M(mean(x)) + M(max(x))), M(y) = W2 relu(W1 y), mean and maximum over locations.
class CbamChannelGate final : public Gate {
 public:
  CbamChannelGate(std::int64_t channels, const CbamOptions& options);
  torch::Tensor forward(const torch::Tensor& features, ForwardContext& context) override;

 private:
  torch::Tensor scores(const torch::Tensor& squeezed);

  GateFunction gate_;
  torch::nn::Conv2d fc1_{nullptr}, fc2_{nullptr};
};

/// Convolution and batch norm, as timm groups them.
class ConvolutionNorm final : public torch::nn::Module {
 public:
  ConvolutionNorm(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel_size);
  torch::Tensor forward(const torch::Tensor& features);

 private:
  torch::nn::Conv2d conv_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};

/// Which locations matter: x * gate(BN(conv([mean(x); max(x)]))), mean and maximum over channels.
class CbamSpatialGate final : public Gate {
 public:
  explicit CbamSpatialGate(const CbamOptions& options);
  torch::Tensor forward(const torch::Tensor& features, ForwardContext& context) override;

 private:
  GateFunction gate_;
  std::shared_ptr<ConvolutionNorm> conv_;
};

/// CBAM, "CBAM: Convolutional Block Attention Module", arXiv:1807.06521: the channel gate, then the spatial gate.
/// Parameter names and defaults are timm's (`channel.fc1`, `channel.fc2`, `spatial.conv.conv`, `spatial.conv.bn`).
/// Differs from the paper: batch norm behind the spatial convolution, and no biases in the channel bottleneck unless `bias`,
/// both as in timm. The two planes of the spatial gate are [mean, max], as in the paper; the authors' code has [max, mean].
class Cbam final : public Gate {
 public:
  /// @throws InputError when kernel_size is even.
  Cbam(std::int64_t channels, const CbamOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Taps a channel gate [N, C, 1, 1] at `channel` and a spatial gate
  /// [N, 1, H, W] at `spatial`, both in (0, 1). @throws ShapeError if features is not 4-D or C differs. The spatial gate's
  /// batch norm depends on train/eval mode.
  torch::Tensor forward(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  std::shared_ptr<CbamChannelGate> channel_;
  std::shared_ptr<CbamSpatialGate> spatial_;
};

}  // namespace fovea
