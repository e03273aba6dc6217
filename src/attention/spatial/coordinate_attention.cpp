#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/coordinate_attention.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr double kCoordinateTimmRatio = 16;
constexpr double kCoordinateOfficialRatio = 32;
constexpr std::int64_t kCoordinateOfficialMinimum = 8;

void expect_coordinate_options_fit(const CoordinateAttentionOptions& options) {
  const CoordinateAttentionOptions defaults;
  const bool rounds = options.divisor != defaults.divisor || options.width_factor != defaults.width_factor;
  if (options.variant == CoordinateVariant::official && (rounds || options.bias)) {
    throw InputError("coord: variant", "no divisor, no width_factor and no bias beside official", "one of them",
                     "official rounds the width down and has biases");
  }
  if (options.reduced_channels > 0 && (rounds || options.reduction_ratio)) {
    throw InputError("coord: reduced_channels", "no reduction_ratio, divisor and width_factor beside it", "both",
                     "set one of them");
  }
}

std::int64_t coordinate_width(std::int64_t channels, const CoordinateAttentionOptions& options) {
  if (options.reduced_channels > 0) return options.reduced_channels;
  if (options.variant == CoordinateVariant::official) {
    return floored_width(channels, options.reduction_ratio.value_or(kCoordinateOfficialRatio), kCoordinateOfficialMinimum);
  }
  const double fraction = 1.0 / options.reduction_ratio.value_or(kCoordinateTimmRatio);
  return divisible_width(static_cast<double>(channels) * fraction * options.width_factor, options.divisor);
}

}  // namespace

void CoordinateAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("variant", variant, {{"timm", CoordinateVariant::timm}, {"official", CoordinateVariant::official}},
                "width of the bottleneck and biases as in timm or in the authors' code");
  fields.optional_real("reduction_ratio", reduction_ratio, {.minimum = 0.001},
                       "bottleneck width is channels / reduction_ratio; none: 16, or 32 in variant official");
  fields.integer("reduced_channels", reduced_channels, {0, 1 << 16},
                 "bottleneck width itself; 0 takes it from reduction_ratio");
  fields.integer("divisor", divisor, {1, 1024}, "timm: the width from reduction_ratio is a multiple of this");
  fields.real("width_factor", width_factor, {.minimum = 0, .maximum = 64, .minimum_open = true},
              "timm: factor of the width from reduction_ratio");
  fields.boolean("bias", bias, "timm: biases in the convolutions; official always has them");
  visit_feature_norm(fields, norm, "norm behind the first convolution");
  visit_activation(fields, "activation", activation, "non-linearity behind the norm");
  visit_gate_function(fields, gate);
  fields.boolean("skip", skip, "add the features to the result");
}

CoordinateAttentionImpl::CoordinateAttentionImpl(std::int64_t channels, CoordinateAttentionOptions options)
    : Gate("CoordinateAttention"),
      channels_(expect_positive(channels, "CoordinateAttention: channels")),
      options_(expect_in_range(options, "CoordinateAttention")) {
  expect_coordinate_options_fit(options);
  const std::int64_t width = coordinate_width(channels, options);
  const bool bias = options.bias || options.variant == CoordinateVariant::official;
  const auto layer = [&](std::int64_t in, std::int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1).bias(bias));
  };
  conv1_ = register_module("conv1", layer(channels, width));
  bn1_ = make_feature_norm(options.norm, width);
  register_module("bn1", bn1_.ptr());
  conv_h_ = register_module("conv_h", layer(width, channels));
  conv_w_ = register_module("conv_w", layer(width, channels));
}

torch::Tensor CoordinateAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto rows = features.mean(3, /*keepdim=*/true);                     // [N, C, H, 1]
  const auto columns = features.mean(2, /*keepdim=*/true).transpose(2, 3);  // [N, C, W, 1]
  const auto both = conv1_(torch::cat({rows, columns}, 2));                 // [N, width, H + W, 1]
  const auto hidden =
      apply_activation(bn1_.forward(both), options_.activation).split_with_sizes({rows.size(2), columns.size(2)}, 2);
  const auto gate_h = gate_values(conv_h_(hidden[0]), options_.gate);                  // [N, C, H, 1]
  const auto gate_w = gate_values(conv_w_(hidden[1].transpose(2, 3)), options_.gate);  // [N, C, 1, W]
  const HookedTensor dense{MapKind::dense, Meaning::gate};
  const auto by_row = features * context.hook(*conv_h_, dense, gate_h.expand_as(features));
  const auto gated = by_row * context.hook(*conv_w_, dense, gate_w.expand_as(features));
  return options_.skip ? gated + features : gated;
}

std::shared_ptr<torch::nn::Module> CoordinateAttentionImpl::rebuilt() const {
  return std::make_shared<CoordinateAttentionImpl>(channels_, options_);
}

}  // namespace fovea
