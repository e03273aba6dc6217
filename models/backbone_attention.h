#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// The places for attention that every backbone has around its layers: a warp of the input, a gate and a warp behind each
/// stage, a pool in place of global average pooling. A backbone requests them in the order in which features pass.
class BackboneAttention {
 public:
  BackboneAttention() = default;
  /// Registers the input's warp as `warp` in `owner`.
  BackboneAttention(torch::nn::Module& owner, const InputSpec& input, AttentionFactory& attention);

  /// What the first layer reads.
  const FeatureShape& input_shape() const { return input_; }

  /// To be called once the stage's layers are registered: registers `<name>_gate` and `<name>_warp` in `owner`.
  /// @param shape what the stage gives; on return what its warp makes of that.
  void add_stage(torch::nn::Module& owner, const std::string& name, FeatureShape& shape, AttentionFactory& attention);

  /// Registers `pool` in `owner`.
  void add_pool(torch::nn::Module& owner, const FeatureShape& shape, AttentionFactory& attention);
  bool has_pool() const { return pool_ != nullptr; }

  /// Length of what pool() gives for features of this shape.
  std::int64_t pooled_features(const FeatureShape& shape) const;

  torch::Tensor enter(const torch::Tensor& images, ForwardContext& context) const;

  /// Puts `passing.features`, the result of stage `index` (from 0), through the stage's gate and warp, offers it to the
  /// hooks as `features` of `stage`, and adds it to `passing.stages`.
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
