#include <cmath>

#include <fovea/attention/positions.h>
#include <fovea/attention/self/bottleneck_attention.h>
#include <fovea/attention/self/internal/grid_attention.h>
#include <fovea/options/check.h>

namespace fovea {

void BottleneckAttentionOptions::visit_fields(FieldVisitor& fields) {
  visit_grid_heads(fields, *this);
  fields.boolean("scale_position", scale_position, "divide position logits by sqrt(head_channels), like the dot products");
}

BottleneckAttentionImpl::BottleneckAttentionImpl(const FeatureShape& in, std::int64_t out_channels,
                                                 BottleneckAttentionOptions options)
    : BottleneckAttentionImpl(InsertionPoint{.kind = InsertionKind::conv, .in = in, .out_channels = out_channels}, options) {
}

BottleneckAttentionImpl::BottleneckAttentionImpl(const InsertionPoint& point, BottleneckAttentionOptions options)
    : Mixer("BottleneckAttention"),
      point_(expect_size(expect_mixer_channels(point, "BottleneckAttention"), "BottleneckAttention")),
      options_(expect_in_range(options, "BottleneckAttention")),
      heads_(grid_heads(point.out_channels, options, "bottleneck")) {
  const std::int64_t projected = 2 * heads_.queries() + heads_.values();
  const auto projection = torch::nn::Conv2dOptions(point.in.channels, projected, 1).bias(options.qkv_bias);
  qkv_ = register_module("qkv", torch::nn::Conv2d(projection));
  const auto position = std::make_shared<RelativePositionImpl>(point.in.height, point.in.width, heads_.query);
  pos_embed_ = register_module("pos_embed", position);
  initialise(construction_stream());
}

torch::Tensor BottleneckAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_shape(*this, features, point_.in, kRelativePositionsAdvice);
  const auto attended = attend_over_grid(*this, qkv_(features), heads_, pos_embed_.get(), options_.scale_position, context);
  return average_strided(attended, point_.stride);
}

void BottleneckAttentionImpl::initialise(const RandomStream& stream) {
  fill_normal(qkv_->weight, stream.child("qkv.weight"), 1 / std::sqrt(static_cast<double>(point_.in.channels)));
}

std::shared_ptr<torch::nn::Module> BottleneckAttentionImpl::rebuilt() const {
  return std::make_shared<BottleneckAttentionImpl>(point_, options_);
}

}  // namespace fovea
