#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/concurrent_squeeze_excitation.h>
#include <fovea/options/check.h>

namespace fovea {

void ConcurrentSqueezeExcitationOptions::visit_fields(FieldVisitor& fields) {
  fields.real("reduction_ratio", reduction_ratio, {.minimum = 0.001},
              "channel bottleneck width is channels / reduction_ratio");
  visit_gate_function(fields, gate);
}

ScseChannelGateImpl::ScseChannelGateImpl(std::int64_t channels, ConcurrentSqueezeExcitationOptions options)
    : Gate("ScseChannelGate"),
      channels_(expect_positive(channels, "ScseChannelGate: channels")),
      options_(expect_in_range(options, "ScseChannelGate")) {
  const std::int64_t width = floored_width(channels, options.reduction_ratio);
  reduce_ = register_module("1", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, width, 1)));
  expand_ = register_module("3", torch::nn::Conv2d(torch::nn::Conv2dOptions(width, channels, 1)));
}

torch::Tensor ScseChannelGateImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto squeezed = features.mean({2, 3}, /*keepdim=*/true);                          // [N, C, 1, 1]
  const auto gate = gate_values(expand_(torch::relu(reduce_(squeezed))), options_.gate);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> ScseChannelGateImpl::rebuilt() const {
  return std::make_shared<ScseChannelGateImpl>(channels_, options_);
}

ScseSpatialGateImpl::ScseSpatialGateImpl(std::int64_t channels, ConcurrentSqueezeExcitationOptions options)
    : Gate("ScseSpatialGate"),
      channels_(expect_positive(channels, "ScseSpatialGate: channels")),
      options_(expect_in_range(options, "ScseSpatialGate")) {
  score_ = register_module("0", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, 1, 1)));
}

torch::Tensor ScseSpatialGateImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto gate = gate_values(score_(features), options_.gate);  // [N, 1, H, W]
  return features * context.hook(*this, {MapKind::spatial, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> ScseSpatialGateImpl::rebuilt() const {
  return std::make_shared<ScseSpatialGateImpl>(channels_, options_);
}

ConcurrentSqueezeExcitationImpl::ConcurrentSqueezeExcitationImpl(std::int64_t channels,
                                                                 ConcurrentSqueezeExcitationOptions options)
    : Gate("ConcurrentSqueezeExcitation"),
      channels_(expect_positive(channels, "ConcurrentSqueezeExcitation: channels")),
      options_(expect_in_range(options, "ConcurrentSqueezeExcitation")) {
  channel_ = register_module("cSE", std::make_shared<ScseChannelGateImpl>(channels, options));
  spatial_ = register_module("sSE", std::make_shared<ScseSpatialGateImpl>(channels, options));
}

torch::Tensor ConcurrentSqueezeExcitationImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto by_channel = channel_->forward(features, context);
  const auto by_position = spatial_->forward(features, context);
  return by_channel + by_position;
}

std::shared_ptr<torch::nn::Module> ConcurrentSqueezeExcitationImpl::rebuilt() const {
  return std::make_shared<ConcurrentSqueezeExcitationImpl>(channels_, options_);
}

}  // namespace fovea
