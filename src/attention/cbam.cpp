#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/cbam.h>
#include <fovea/base/error.h>

namespace fovea {

void CbamOptions::visit_fields(FieldVisitor& fields) {
  fields.real("reduction_ratio", reduction_ratio, {.minimum = 1}, "channel bottleneck width is channels / reduction_ratio");
  fields.integer("reduced_channels", reduced_channels, {0, 1 << 16}, "that width itself; 0 takes it from reduction_ratio");
  fields.integer("divisor", divisor, {1, 1024}, "the width from reduction_ratio is a multiple of this");
  fields.integer("kernel_size", kernel_size, {1, 63}, "odd side of the spatial convolution");
  fields.boolean("bias", bias, "biases in the channel bottleneck");
  fields.choice("gate", gate, {{"sigmoid", GateFunction::sigmoid}, {"hard_sigmoid", GateFunction::hard_sigmoid}},
                "function that turns scores into factors");
}

CbamChannelGate::CbamChannelGate(std::int64_t channels, const CbamOptions& options)
    : Gate("CbamChannelGate"), gate_(options.gate) {
  const std::int64_t reduced = bottleneck_width(channels, options);
  fc1_ = register_module("fc1", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, reduced, 1).bias(options.bias)));
  fc2_ = register_module("fc2", torch::nn::Conv2d(torch::nn::Conv2dOptions(reduced, channels, 1).bias(options.bias)));
}

torch::Tensor CbamChannelGate::scores(const torch::Tensor& squeezed) {
  return fc2_(torch::relu(fc1_(squeezed)));
}

torch::Tensor CbamChannelGate::forward(const torch::Tensor& features, ForwardContext& context) {
  const auto average = features.mean({2, 3}, /*keepdim=*/true);             // [N, C, 1, 1]
  const auto maximum = features.amax({2, 3}, /*keepdim=*/true);             // [N, C, 1, 1]
  const auto gate = gate_values(scores(average) + scores(maximum), gate_);  // [N, C, 1, 1]
  return features * context.tap(*this, {TapKind::channel, Meaning::gate}, gate);
}

ConvolutionNorm::ConvolutionNorm(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel_size)
    : Module("ConvolutionNorm") {
  const auto options = torch::nn::Conv2dOptions(in_channels, out_channels, kernel_size).padding(kernel_size / 2).bias(false);
  conv_ = register_module("conv", torch::nn::Conv2d(options));
  bn_ = register_module("bn", torch::nn::BatchNorm2d(out_channels));
}

torch::Tensor ConvolutionNorm::forward(const torch::Tensor& features) {
  return bn_(conv_(features));
}

CbamSpatialGate::CbamSpatialGate(const CbamOptions& options) : Gate("CbamSpatialGate"), gate_(options.gate) {
  if (options.kernel_size % 2 == 0)
    throw InputError("cbam: kernel_size", "an odd number", std::to_string(options.kernel_size));
  conv_ = register_module("conv", std::make_shared<ConvolutionNorm>(2, 1, options.kernel_size));
}

torch::Tensor CbamSpatialGate::forward(const torch::Tensor& features, ForwardContext& context) {
  const auto average = features.mean(1, /*keepdim=*/true);                                  // [N, 1, H, W]
  const auto maximum = features.amax(1, /*keepdim=*/true);                                  // [N, 1, H, W]
  const auto gate = gate_values(conv_->forward(torch::cat({average, maximum}, 1)), gate_);  // [N, 1, H, W]
  return features * context.tap(*this, {TapKind::spatial, Meaning::gate}, gate);
}

Cbam::Cbam(std::int64_t channels, const CbamOptions& options) : Gate("Cbam"), channels_(channels) {
  channel_ = register_module("channel", std::make_shared<CbamChannelGate>(channels, options));
  spatial_ = register_module("spatial", std::make_shared<CbamSpatialGate>(options));
}

torch::Tensor Cbam::forward(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  return spatial_->forward(channel_->forward(features, context), context);
}

}  // namespace fovea
