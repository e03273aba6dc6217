#include <cmath>

#include <fovea/attention/self/bottleneck_attention.h>
#include <fovea/attention/self/grid_attention.h>

namespace fovea {

void BottleneckAttentionOptions::visit_fields(FieldVisitor& fields) {
  GridHeadOptions::visit_fields(fields);
  fields.boolean("scale_position", scale_position, "positions are divided by sqrt(head_channels), as the products are");
}

BottleneckAttentionImpl::BottleneckAttentionImpl(const InsertionPoint& point, const BottleneckAttentionOptions& options)
    : Mixer("BottleneckAttention"),
      shape_(point.in),
      stride_(point.stride),
      heads_(grid_heads(point.out_channels, options, "bottleneck")),
      scale_position_(options.scale_position) {
  const std::int64_t projected = 2 * heads_.queries() + heads_.values();
  const auto projection = torch::nn::Conv2dOptions(shape_.channels, projected, 1).bias(options.qkv_bias);
  qkv_ = register_module("qkv", torch::nn::Conv2d(projection));
  const auto position = std::make_shared<RelativePositionImpl>(shape_.height, shape_.width, heads_.query);
  pos_embed_ = register_module("pos_embed", position);
}

torch::Tensor BottleneckAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_grid(*this, features, shape_);
  const auto attended = attend_over_grid(*this, qkv_(features), heads_, pos_embed_.get(), scale_position_, context);
  return thinned(attended, stride_);
}

void BottleneckAttentionImpl::initialise(const RandomStream& stream) {
  fill_normal(qkv_->weight, stream.child("qkv.weight"), 1 / std::sqrt(static_cast<double>(shape_.channels)));
}

}  // namespace fovea
