#include <fovea/models/backbone_slots.h>

namespace fovea {

BackboneSlots::BackboneSlots(torch::nn::Module& owner, const InputSpec& input, SlotFactory& slots)
    : input_{input.channels, input.height, input.width}, num_classes_(input.num_classes) {
  input_warp_ = slots.warp({Slot::input, 0, input_, input_.channels, 1, "warp", {}});
  if (!input_warp_) return;
  owner.register_module("warp", input_warp_);
  input_ = input_warp_->output_shape(input_);
}

void BackboneSlots::add_stage(torch::nn::Module& owner, const std::string& name, FeatureShape& shape, SlotFactory& slots) {
  Site site{Slot::stage, std::ssize(stages_) + 1, shape, shape.channels, 1, name + "_gate", {}};
  site.num_classes = num_classes_;
  Stage stage;
  stage.gate = slots.gate(site);
  if (stage.gate) owner.register_module(site.path, stage.gate);
  site.path = name + "_warp";
  stage.warp = slots.warp(site);
  if (stage.warp) {
    owner.register_module(site.path, stage.warp);
    shape = stage.warp->output_shape(shape);
  }
  stages_.push_back(std::move(stage));
  stage_shapes_.push_back(shape);
}

void BackboneSlots::add_pool(torch::nn::Module& owner, const FeatureShape& shape, SlotFactory& slots) {
  Site site{Slot::pool, 0, shape, shape.channels, 1, "pool", stage_shapes_};
  site.num_classes = num_classes_;
  pool_ = slots.pool(site);
  if (pool_) owner.register_module("pool", pool_);
}

std::int64_t BackboneSlots::pooled_features(const FeatureShape& shape) const {
  return pool_ ? pool_->out_features() : shape.channels;
}

torch::Tensor BackboneSlots::enter(const torch::Tensor& images, ForwardContext& context) const {
  return input_warp_ ? input_warp_->forward(images, context) : images;
}

void BackboneSlots::finish_stage(std::size_t index, const torch::nn::Module& stage, PoolInput& passing,
                                 ForwardContext& context) const {
  const Stage& behind = stages_[index];
  torch::Tensor& features = passing.features;
  if (behind.gate) features = behind.gate->forward(features, context);
  if (behind.warp) features = behind.warp->forward(features, context);
  features = context.tap(stage, {TapKind::features}, features);
  passing.stages.emplace_back(features, context.frame);
}

torch::Tensor BackboneSlots::pool(const PoolInput& passing, ForwardContext& context) const {
  return pool_ ? pool_->forward(passing, context) : passing.features.mean({2, 3});
}

}  // namespace fovea
