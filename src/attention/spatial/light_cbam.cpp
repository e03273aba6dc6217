#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/internal/odd_kernel.h>
#include <fovea/attention/internal/squeeze.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/light_cbam.h>
#include <fovea/options/check.h>

namespace fovea {

void LightCbamOptions::visit_fields(FieldVisitor& fields) {
  visit_bottleneck(fields, *this);
  fields.integer("kernel_size", kernel_size, {1, 63}, "odd side of the spatial convolution");
  fields.boolean("bias", bias, "biases in the channel bottleneck");
  visit_activation(fields, "activation", activation, "non-linearity inside the channel bottleneck");
}

LightCbamChannelGateImpl::LightCbamChannelGateImpl(std::int64_t channels, LightCbamOptions options)
    : BottleneckGate("LightCbamChannelGate", expect_positive(channels, "LightCbamChannelGate: channels"),
                     bottleneck_width(channels, expect_in_range(options, "LightCbamChannelGate"), "lcbam"), options.bias,
                     options.activation),
      channels_(channels),
      options_(options) {}

torch::Tensor LightCbamChannelGateImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto gate = torch::sigmoid(scores(squeeze_channels(features, /*max_pool=*/true)));  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> LightCbamChannelGateImpl::rebuilt() const {
  return std::make_shared<LightCbamChannelGateImpl>(channels_, options_);
}

LightCbamSpatialGateImpl::LightCbamSpatialGateImpl(LightCbamOptions options)
    : Gate("LightCbamSpatialGate"), options_(expect_in_range(options, "LightCbamSpatialGate")) {
  const auto padding = padding_of_odd_kernel(options.kernel_size, "lcbam: kernel_size");
  conv_ = register_module(
      "conv", std::make_shared<ConvolutionNormImpl>(torch::nn::Conv2dOptions(1, 1, options.kernel_size).padding(padding)));
}

torch::Tensor LightCbamSpatialGateImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features);
  const auto pooled = 0.5 * features.mean(1, /*keepdim=*/true) + 0.5 * features.amax(1, /*keepdim=*/true);
  const auto gate = torch::sigmoid(conv_->forward(pooled));  // [N, 1, H, W]
  return features * context.hook(*this, {MapKind::spatial, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> LightCbamSpatialGateImpl::rebuilt() const {
  return std::make_shared<LightCbamSpatialGateImpl>(options_);
}

LightCbamImpl::LightCbamImpl(std::int64_t channels, LightCbamOptions options)
    : Gate("LightCbam"),
      channels_(expect_positive(channels, "LightCbam: channels")),
      options_(expect_in_range(options, "LightCbam")) {
  channel_ = register_module("channel", std::make_shared<LightCbamChannelGateImpl>(channels, options));
  spatial_ = register_module("spatial", std::make_shared<LightCbamSpatialGateImpl>(options));
}

torch::Tensor LightCbamImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  return spatial_->forward(channel_->forward(features, context), context);
}

std::shared_ptr<torch::nn::Module> LightCbamImpl::rebuilt() const {
  return std::make_shared<LightCbamImpl>(channels_, options_);
}

}  // namespace fovea
