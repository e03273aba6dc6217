#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

struct ConcurrentSqueezeExcitationOptions {
  double reduction_ratio = 16;  ///< width of the channel bottleneck is channels / reduction_ratio, rounded down
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// scSE's channel gate: x * gate(W2 relu(W1 mean(x))), the layers `1` and `3`.
class ScseChannelGateImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit ScseChannelGateImpl(std::int64_t channels, ConcurrentSqueezeExcitationOptions options = {});
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  ConcurrentSqueezeExcitationOptions options_;
  torch::nn::Conv2d reduce_{nullptr}, expand_{nullptr};
};
TORCH_MODULE(ScseChannelGate);

/// scSE's spatial gate: x * gate(w . x), the layer `0`.
class ScseSpatialGateImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit ScseSpatialGateImpl(std::int64_t channels, ConcurrentSqueezeExcitationOptions options = {});
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  ConcurrentSqueezeExcitationOptions options_;
  torch::nn::Conv2d score_{nullptr};
};
TORCH_MODULE(ScseSpatialGate);

/// scSE, "Concurrent Spatial and Channel Squeeze & Excitation in Fully Convolutional Networks", arXiv:1803.02579: the
/// channel gate's result plus the spatial gate's. Parameter names are segmentation_models.pytorch's (`cSE.1`, `cSE.3`,
/// `sSE.0`). Differs from the paper: the reduction is 16 instead of 2, and the spatial gate has a bias, as in that library.
class ConcurrentSqueezeExcitationImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit ConcurrentSqueezeExcitationImpl(std::int64_t channels, ConcurrentSqueezeExcitationOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see a channel gate [N, C, 1, 1] at `cSE` and a spatial gate
  /// [N, 1, H, W] at `sSE`, both in [0, 1]. @throws ShapeError if features is not 4-D or C differs.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  ConcurrentSqueezeExcitationOptions options_;
  std::shared_ptr<ScseChannelGateImpl> channel_;
  std::shared_ptr<ScseSpatialGateImpl> spatial_;
};
TORCH_MODULE(ConcurrentSqueezeExcitation);

}  // namespace fovea
