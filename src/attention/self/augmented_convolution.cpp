#include <cmath>
#include <string>

#include <fovea/attention/positions.h>
#include <fovea/attention/self/augmented_convolution.h>
#include <fovea/attention/self/grid_attention.h>
#include <fovea/base/error.h>

namespace fovea {
namespace {

GridHeads augmented_heads(std::int64_t out_channels, const AugmentedConvolutionOptions& options) {
  const AugmentedConvolutionOptions defaults;
  // Channels of one head: of those of all heads, or of `ratio` of what comes out, to the next multiple of the heads.
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
  fields.integer("heads", heads, {1, 1 << 16}, "parallel attentions");
  fields.integer("key_channels", key_channels, {0, 1 << 16}, "channels of all keys; 0 takes them from key_ratio");
  fields.real("key_ratio", key_ratio, {.minimum = 0, .maximum = 64, .minimum_open = true},
              "channels of all keys / channels that come out");
  fields.integer("value_channels", value_channels, {0, 1 << 16},
                 "channels that come out of the attention; 0 takes them from value_ratio");
  fields.real("value_ratio", value_ratio, {.minimum = 0, .maximum = 1, .minimum_open = true, .maximum_open = true},
              "share of the channels that come out of the attention");
  fields.boolean("relative", relative, "relative positions count; they bind it to a height and a width");
}

AugmentedConvolutionImpl::AugmentedConvolutionImpl(const InsertionPoint& point, const AugmentedConvolutionOptions& options)
    : Mixer("AugmentedConvolution"), shape_(point.in), heads_(augmented_heads(point.out_channels, options)) {
  const std::int64_t side = options.kernel_size, convolved = point.out_channels - heads_.values();
  if (side % 2 == 0) throw InputError("aaconv: kernel_size", "an odd number", std::to_string(side));
  if (convolved <= 0)
    throw InputError("aaconv: value_channels", "less than the " + std::to_string(point.out_channels) + " that come out",
                     std::to_string(heads_.values()), "take fewer heads or fewer channels");
  const auto convolution = [&](std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, size).stride(stride).padding(size / 2));
  };
  conv_out_ = register_module("conv_out", convolution(shape_.channels, convolved, side, point.stride));
  const std::int64_t projected = 2 * heads_.queries() + heads_.values();
  qkv_conv_ = register_module("qkv_conv", convolution(shape_.channels, projected, 1, point.stride));
  attn_out_ = register_module("attn_out", convolution(heads_.values(), heads_.values(), 1, 1));
  if (!options.relative) return;
  const auto strided = [&](std::int64_t length) { return (length + point.stride - 1) / point.stride; };
  const auto position = std::make_shared<RelativePositionImpl>(strided(shape_.height), strided(shape_.width), heads_.query);
  pos_embed_ = register_module("pos_embed", position);
}

torch::Tensor AugmentedConvolutionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  if (pos_embed_) {
    expect_grid(*this, features, shape_);
  } else {
    expect_features(*this, features, shape_.channels);
  }
  const auto attended =
      attend_over_grid(*this, qkv_conv_(features), heads_, pos_embed_.get(), /*scale_position=*/true, context);
  return torch::cat({conv_out_(features), attn_out_(attended)}, 1);
}

}  // namespace fovea
