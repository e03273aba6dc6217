#include <cmath>
#include <string>

#include <fovea/attention/internal/odd_kernel.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/self/augmented_convolution.h>
#include <fovea/attention/self/internal/grid_attention.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

GridHeads augmented_heads(std::int64_t out_channels, const AugmentedConvolutionOptions& options) {
  const AugmentedConvolutionOptions defaults;
  // Channels of one head: `all` / heads, or `ratio` x out_channels / heads, rounded up.
  const auto width = [&](std::int64_t all, double ratio, double default_ratio, const std::string& name) {
    if (all == 0) {
      const double exact = ratio * static_cast<double>(out_channels) / static_cast<double>(options.heads);
      return static_cast<std::int64_t>(std::ceil(exact));
    }
    if (ratio != default_ratio)
      throw InputError("aaconv: " + name + "_channels", "no " + name + "_ratio beside it", "both", "set one of them");
    return channels_per_head(all, options.heads, "aaconv: heads, of " + name + "_channels");
  };
  return {options.heads, width(options.key_channels, options.key_ratio, defaults.key_ratio, "key"),
          width(options.value_channels, options.value_ratio, defaults.value_ratio, "value")};
}

}  // namespace

void AugmentedConvolutionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("kernel_size", kernel_size, {1, 63}, "odd side of the convolution");
  fields.integer("heads", heads, {1, 1 << 16}, "number of heads");
  fields.integer("key_channels", key_channels, {0, 1 << 16}, "channels of all keys; 0 takes them from key_ratio");
  fields.real("key_ratio", key_ratio, {.minimum = 0, .maximum = 64, .minimum_open = true},
              "channels of all keys / output channels");
  fields.integer("value_channels", value_channels, {0, 1 << 16},
                 "output channels of the attention; 0 takes them from value_ratio");
  fields.real("value_ratio", value_ratio, {.minimum = 0, .maximum = 1, .minimum_open = true, .maximum_open = true},
              "output channels of the attention / output channels");
  fields.boolean("relative", relative, "relative position logits, which fix height and width of the input");
}

AugmentedConvolutionImpl::AugmentedConvolutionImpl(const FeatureShape& in, std::int64_t out_channels,
                                                   AugmentedConvolutionOptions options)
    : AugmentedConvolutionImpl(InsertionPoint{.kind = InsertionKind::conv, .in = in, .out_channels = out_channels},
                               options) {}

AugmentedConvolutionImpl::AugmentedConvolutionImpl(const InsertionPoint& point, AugmentedConvolutionOptions options)
    : Mixer("AugmentedConvolution"),
      point_(expect_mixer_channels(point, "AugmentedConvolution")),
      options_(expect_in_range(options, "AugmentedConvolution")),
      heads_(augmented_heads(point.out_channels, options)) {
  const std::int64_t side = options.kernel_size, convolved = point.out_channels - heads_.values();
  expect_odd(side, "aaconv: kernel_size");
  if (convolved <= 0)
    throw InputError("aaconv: value_channels", "less than the " + std::to_string(point.out_channels) + " output channels",
                     std::to_string(heads_.values()), "take fewer heads or fewer channels");
  const auto convolution = [&](std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, size).stride(stride).padding(size / 2));
  };
  conv_out_ = register_module("conv_out", convolution(point.in.channels, convolved, side, point.stride));
  const std::int64_t projected = 2 * heads_.queries() + heads_.values();
  qkv_conv_ = register_module("qkv_conv", convolution(point.in.channels, projected, 1, point.stride));
  attn_out_ = register_module("attn_out", convolution(heads_.values(), heads_.values(), 1, 1));
  if (!options.relative) return;
  expect_size(point, "AugmentedConvolution");
  const auto strided = [&](std::int64_t length) { return (length + point.stride - 1) / point.stride; };
  const auto position =
      std::make_shared<RelativePositionImpl>(strided(point.in.height), strided(point.in.width), heads_.query);
  pos_embed_ = register_module("pos_embed", position);
}

torch::Tensor AugmentedConvolutionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  if (pos_embed_) {
    expect_shape(*this, features, point_.in, kRelativePositionsAdvice);
  } else {
    expect_features(*this, features, point_.in.channels);
  }
  const auto attended =
      attend_over_grid(*this, qkv_conv_(features), heads_, pos_embed_.get(), /*scale_position=*/true, context);
  return torch::cat({conv_out_(features), attn_out_(attended)}, 1);
}

std::shared_ptr<torch::nn::Module> AugmentedConvolutionImpl::rebuilt() const {
  return std::make_shared<AugmentedConvolutionImpl>(point_, options_);
}

}  // namespace fovea
