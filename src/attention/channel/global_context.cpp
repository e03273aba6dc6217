#include <cmath>

#include <fovea/attention/channel/global_context.h>
#include <fovea/attention/function_fields.h>
#include <fovea/attention/positions.h>

namespace fovea {

void GlobalContextOptions::visit_fields(FieldVisitor& fields) {
  fields.boolean("attention", attention, "the context is a weighted mean over locations instead of the plain one");
  visit_bottleneck(fields, *this);
  visit_activation(fields, "activation", activation, "non-linearity in the bottleneck");
}

void GlobalContextGateOptions::visit_fields(FieldVisitor& fields) {
  GlobalContextOptions::visit_fields(fields);
  fields.boolean("add", add, "also add the context, through a bottleneck of its own");
  visit_gate_function(fields, gate);
}

GlobalContextImpl::GlobalContextImpl(std::int64_t channels, const GlobalContextOptions& options, bool scale, bool add,
                                     GateFunction gate)
    : Gate("GlobalContext"), channels_(channels), gate_(gate) {
  const std::int64_t hidden = bottleneck_width(channels, options);
  const auto mlp = [&] { return std::make_shared<PointwiseMlpImpl>(channels, hidden, options.activation, /*norm=*/true); };
  if (options.attention) {
    conv_attn_ = register_module("conv_attn", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, 1, 1)));
  }
  if (scale) mlp_scale_ = register_module("mlp_scale", mlp());
  if (add) mlp_add_ = register_module("mlp_add", mlp());
}

GlobalContextImpl::GlobalContextImpl(std::int64_t channels, const GlobalContextOptions& options)
    : GlobalContextImpl(channels, options, /*scale=*/false, /*add=*/true, GateFunction::sigmoid) {}

GlobalContextImpl::GlobalContextImpl(std::int64_t channels, const GlobalContextGateOptions& options)
    : GlobalContextImpl(channels, options, /*scale=*/true, options.add, options.gate) {}

void GlobalContextImpl::initialise(const RandomStream& stream) {
  if (conv_attn_) {  // by fan-in: by its fan-out of 1, one location would take all the weight
    fill_normal(conv_attn_->weight, stream.child("conv_attn"), std::sqrt(2.0 / static_cast<double>(channels_)));
  }
  if (mlp_add_) mlp_add_->start_at_zero();
}

torch::Tensor GlobalContextImpl::pooled(const torch::Tensor& features, ForwardContext& context) {
  if (!conv_attn_) return features.mean({2, 3}, /*keepdim=*/true);
  const auto scores = conv_attn_(features);                                   // [N, 1, H, W]
  const auto softmax = torch::softmax(scores.flatten(1), 1).view_as(scores);  // [N, 1, H, W]
  const auto weights = context.hook(*this, {MapKind::spatial, Meaning::weights}, softmax);
  return torch::bmm(features.flatten(2), weights.flatten(2).transpose(1, 2)).unsqueeze(-1);  // [N, C, 1, 1]
}

torch::Tensor GlobalContextImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto pooled_features = pooled(features, context);
  auto attended = features;
  if (mlp_scale_) {
    const auto gate = gate_values(mlp_scale_->forward(pooled_features), gate_);  // [N, C, 1, 1]
    attended = attended * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
  }
  if (mlp_add_) {
    const auto correction = mlp_add_->forward(pooled_features);  // [N, C, 1, 1]
    attended = attended + context.hook(*this, {MapKind::channel, Meaning::signed_}, correction);
  }
  return attended;
}

}  // namespace fovea
