#include <cmath>
#include <string>

#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/large_kernel_attention.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Depthwise convolution that keeps height and width. @param side odd.
torch::nn::Conv2d lka_depthwise_convolution(std::int64_t channels, std::int64_t side, std::int64_t dilation) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(channels, channels, side).padding(side / 2 * dilation).dilation(dilation).groups(channels));
}

std::int64_t lka_dilated_side(const LargeKernelAttentionOptions& options) {
  const std::int64_t side = (options.kernel_size + options.dilation - 1) / options.dilation;
  if (side % 2 == 0) {
    throw InputError("lka: kernel_size", "an odd number of dilated positions, ceil(kernel_size / dilation)",
                     std::to_string(side), "change kernel_size or dilation");
  }
  return side;
}

}  // namespace

void LargeKernelAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("kernel_size", kernel_size, {1, 255}, "side of the window; ceil(kernel_size / dilation) has to be odd");
  fields.integer("dilation", dilation, {1, 32},
                 "dilation of the second convolution; the first one's side is 2 dilation - 1");
}

LargeKernelUnitImpl::LargeKernelUnitImpl(std::int64_t channels, LargeKernelAttentionOptions options)
    : Gate("LargeKernelUnit"),
      channels_(expect_positive(channels, "LargeKernelUnit: channels")),
      options_(expect_in_range(options, "LargeKernelUnit")) {
  conv0_ = register_module("conv0", lka_depthwise_convolution(channels, 2 * options.dilation - 1, 1));
  conv_spatial_ =
      register_module("conv_spatial", lka_depthwise_convolution(channels, lka_dilated_side(options), options.dilation));
  conv1_ = register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 1)));
  initialise(construction_stream());
}

torch::Tensor LargeKernelUnitImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  const auto factors = conv1_(conv_spatial_(conv0_(features)));  // [N, C, H, W]
  return features * context.hook(*this, {MapKind::dense, Meaning::signed_}, factors);
}

void LargeKernelUnitImpl::initialise(const RandomStream& stream) {
  const torch::NoGradGuard no_grad;
  for (const auto& child : named_children()) {
    const auto& convolution = *child.value()->as<torch::nn::Conv2d>();
    const double fan_out = static_cast<double>(convolution.weight.numel()) /
                           static_cast<double>(convolution.weight.size(1) * convolution.options.groups());
    fill_normal(convolution.weight, stream.child(child.key()).child("weight"), std::sqrt(2.0 / fan_out));
    convolution.bias.zero_();
  }
}

std::shared_ptr<torch::nn::Module> LargeKernelUnitImpl::rebuilt() const {
  return std::make_shared<LargeKernelUnitImpl>(channels_, options_);
}

LargeKernelAttentionImpl::LargeKernelAttentionImpl(std::int64_t channels, LargeKernelAttentionOptions options)
    : Gate("LargeKernelAttention"),
      channels_(expect_positive(channels, "LargeKernelAttention: channels")),
      options_(expect_in_range(options, "LargeKernelAttention")) {
  proj_1_ = register_module("proj_1", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 1)));
  spatial_gating_unit_ = register_module("spatial_gating_unit", std::make_shared<LargeKernelUnitImpl>(channels, options));
  proj_2_ = register_module("proj_2", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 1)));
}

torch::Tensor LargeKernelAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto gated = spatial_gating_unit_->forward(torch::gelu(proj_1_(features)), context);
  return features + proj_2_(gated);
}

std::shared_ptr<torch::nn::Module> LargeKernelAttentionImpl::rebuilt() const {
  return std::make_shared<LargeKernelAttentionImpl>(channels_, options_);
}

}  // namespace fovea
