#include <cmath>
#include <utility>

#include <fovea/attention/channel/global_context.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// The fields of both forms.
template <typename FormOptions>
void visit_global_context(FieldVisitor& fields, FormOptions& options) {
  fields.boolean("attention", options.attention, "the context is a weighted mean over positions instead of the plain one");
  visit_bottleneck(fields, options);
  visit_activation(fields, "activation", options.activation, "non-linearity in the bottleneck");
}

}  // namespace

void GlobalContextOptions::visit_fields(FieldVisitor& fields) {
  visit_global_context(fields, *this);
}

void GlobalContextGateOptions::visit_fields(FieldVisitor& fields) {
  visit_global_context(fields, *this);
  fields.boolean("add", add, "also add the context, through a bottleneck of its own");
  visit_gate_function(fields, gate);
}

GlobalContextImpl::GlobalContextImpl(std::int64_t channels, FormOptions options)
    : Gate("GlobalContext"), channels_(expect_positive(channels, "GlobalContext: channels")), options_(std::move(options)) {
  const auto add_layers = [&](const auto& form) {
    const std::int64_t hidden = bottleneck_width(
        channels, form, requires { form.gate; } ? "gca" : "gc");
    const auto mlp = [&] { return std::make_shared<PointwiseMlpImpl>(channels, hidden, form.activation, /*norm=*/true); };
    if (form.attention) {
      conv_attn_ = register_module("conv_attn", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, 1, 1)));
    }
    bool add = true;
    if constexpr (requires { form.gate; }) {
      mlp_scale_ = register_module("mlp_scale", mlp());
      add = form.add;
    }
    if (add) mlp_add_ = register_module("mlp_add", mlp());
  };
  std::visit(add_layers, options_);
  initialise(construction_stream());
}

GlobalContextImpl::GlobalContextImpl(std::int64_t channels, GlobalContextOptions options)
    : GlobalContextImpl(channels, FormOptions(expect_in_range(options, "GlobalContext"))) {}

GlobalContextImpl::GlobalContextImpl(std::int64_t channels, GlobalContextGateOptions options)
    : GlobalContextImpl(channels, FormOptions(expect_in_range(options, "GlobalContext"))) {}

void GlobalContextImpl::initialise(const RandomStream& stream) {
  if (conv_attn_) {  // by fan-in: with its fan-out of 1, the softmax would saturate
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
    const GateFunction function = std::get<GlobalContextGateOptions>(options_).gate;
    const auto gate = gate_values(mlp_scale_->forward(pooled_features), function);  // [N, C, 1, 1]
    attended = attended * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
  }
  if (mlp_add_) {
    const auto correction = mlp_add_->forward(pooled_features);  // [N, C, 1, 1]
    attended = attended + context.hook(*this, {MapKind::channel, Meaning::signed_}, correction);
  }
  return attended;
}

std::shared_ptr<torch::nn::Module> GlobalContextImpl::rebuilt() const {
  const auto build = [&](const auto& form) { return std::make_shared<GlobalContextImpl>(channels_, form); };
  return std::visit(build, options_);
}

}  // namespace fovea
