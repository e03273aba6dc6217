#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Insertion points that every backbone has around its layers: a warp of the input, a gate and a warp after each stage, a
/// pool in place of global average pooling. A backbone adds them in the order of the forward pass.
class BackboneAttention {
 public:
  BackboneAttention() = default;
  /// Registers the input's warp as `warp` in `owner`.
  BackboneAttention(torch::nn::Module& owner, const InputSpec& input, AttentionFactory& attention);

  /// Shape of the features that the first layer reads.
  const FeatureShape& input_shape() const { return input_; }

  /// Registers `<name>_gate` and `<name>_warp` in `owner`; called after the stage's layers are registered.
  /// @param shape output of the stage; on return, output of its warp.
  void add_stage(torch::nn::Module& owner, const std::string& name, FeatureShape& shape, AttentionFactory& attention);

  /// Registers `pool` in `owner`.
  void add_pool(torch::nn::Module& owner, const FeatureShape& shape, AttentionFactory& attention);
  bool has_pool() const { return pool_ != nullptr; }

  /// Length of each image's vector from pool(), for features of this shape.
  std::int64_t pooled_features(const FeatureShape& shape) const;

  /// The input's warp, or the identity: [N, C, H, W] -> [N, ...] as input_shape().
  torch::Tensor enter(const torch::Tensor& images, ForwardContext& context) const;

  /// Applies the gate and warp of stage `index` (from 0) to `passing.features`, its output; passes the result to the hooks
  /// as `features` of `stage`, and adds it to `passing.stages`.
  void finish_stage(std::size_t index, const torch::nn::Module& stage, PoolInput& passing, ForwardContext& context) const;

  /// [N, C, H, W] -> [N, pooled_features()]: the pool, or the mean over all positions.
  torch::Tensor pool(const PoolInput& passing, ForwardContext& context) const;

 private:
  struct Stage {
    std::shared_ptr<Gate> gate;
    std::shared_ptr<Warp> warp;
  };

  FeatureShape input_;
  std::int64_t num_classes_ = 0;
  std::shared_ptr<Warp> input_warp_;
  std::vector<Stage> stages_;
  std::vector<FeatureShape> stage_shapes_;
  std::shared_ptr<Pool> pool_;
};

}  // namespace fovea
