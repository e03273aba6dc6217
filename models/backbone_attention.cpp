#include <fovea/models/backbone_attention.h>

namespace fovea {

BackboneAttention::BackboneAttention(torch::nn::Module& owner, const InputSpec& input, AttentionFactory& attention)
    : input_{input.channels, input.height, input.width}, num_classes_(input.num_classes) {
  input_warp_ = attention.warp({InsertionKind::input, 0, input_, input_.channels, 1, "warp", {}});
  if (!input_warp_) return;
  owner.register_module("warp", input_warp_);
  input_ = input_warp_->output_shape(input_);
}

void BackboneAttention::add_stage(torch::nn::Module& owner, const std::string& name, FeatureShape& shape,
                                  AttentionFactory& attention) {
  InsertionPoint point{InsertionKind::stage, std::ssize(stages_) + 1, shape, shape.channels, 1, name + "_gate", {}};
  point.num_classes = num_classes_;
  Stage stage;
  stage.gate = attention.gate(point);
  if (stage.gate) owner.register_module(point.path, stage.gate);
  point.path = name + "_warp";
  stage.warp = attention.warp(point);
  if (stage.warp) {
    owner.register_module(point.path, stage.warp);
    shape = stage.warp->output_shape(shape);
  }
  stages_.push_back(std::move(stage));
  stage_shapes_.push_back(shape);
}

void BackboneAttention::add_pool(torch::nn::Module& owner, const FeatureShape& shape, AttentionFactory& attention) {
  InsertionPoint point{InsertionKind::pool, 0, shape, shape.channels, 1, "pool", stage_shapes_};
  point.num_classes = num_classes_;
  pool_ = attention.pool(point);
  if (pool_) owner.register_module("pool", pool_);
}

std::int64_t BackboneAttention::pooled_features(const FeatureShape& shape) const {
  return pool_ ? pool_->out_features() : shape.channels;
}

torch::Tensor BackboneAttention::enter(const torch::Tensor& images, ForwardContext& context) const {
  return input_warp_ ? input_warp_->forward(images, context) : images;
}

void BackboneAttention::finish_stage(std::size_t index, const torch::nn::Module& stage, PoolInput& passing,
                                     ForwardContext& context) const {
  const Stage& stage_attention = stages_[index];
  torch::Tensor& features = passing.features;
  if (stage_attention.gate) features = stage_attention.gate->forward(features, context);
  if (stage_attention.warp) features = stage_attention.warp->forward(features, context);
  features = context.hook(stage, {MapKind::features}, features);
  passing.stages.emplace_back(features, context.theta);
}

torch::Tensor BackboneAttention::pool(const PoolInput& passing, ForwardContext& context) const {
  return pool_ ? pool_->attend(passing, context) : passing.features.mean({2, 3});
}

}  // namespace fovea
