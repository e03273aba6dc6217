#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/internal/squeeze.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void SqueezeExcitationOptions::visit_fields(FieldVisitor& fields) {
  visit_bottleneck(fields, *this);
  fields.boolean("bias", bias, "biases in both layers");
  fields.boolean("batch_norm", batch_norm, "batch norm behind the first layer");
  fields.boolean("max_pool", max_pool, "squeeze to the mean of average and maximum");
  visit_activation(fields, "activation", activation, "non-linearity between the layers");
  visit_gate_function(fields, gate);
  fields.choice("names", names, {{"fc", ExcitationNames::fc}, {"conv", ExcitationNames::conv}},
                "parameters are called fc1 and fc2, or conv_reduce and conv_expand as in timm's EfficientNets");
}

SqueezeExcitationImpl::SqueezeExcitationImpl(std::int64_t channels, SqueezeExcitationOptions options)
    : Gate("SqueezeExcitation"),
      channels_(expect_positive(channels, "SqueezeExcitation: channels")),
      options_(expect_in_range(options, "SqueezeExcitation")) {
  const bool fc = options.names == ExcitationNames::fc;
  const std::int64_t reduced = bottleneck_width(channels, options, "se");
  const auto layer = [&](std::int64_t in, std::int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1).bias(options.bias));
  };
  reduce_ = register_module(fc ? "fc1" : "conv_reduce", layer(channels, reduced));
  if (options.batch_norm) bn_ = register_module("bn", torch::nn::BatchNorm2d(reduced));
  expand_ = register_module(fc ? "fc2" : "conv_expand", layer(reduced, channels));
}

torch::Tensor SqueezeExcitationImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  auto hidden = reduce_(squeeze_channels(features, options_.max_pool));  // [N, reduced, 1, 1]
  if (bn_) {
    expect_norm_fits(*this, *bn_, hidden);
    hidden = bn_(hidden);
  }
  const auto gate = gate_values(expand_(apply_activation(hidden, options_.activation)), options_.gate);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> SqueezeExcitationImpl::rebuilt() const {
  return std::make_shared<SqueezeExcitationImpl>(channels_, options_);
}

}  // namespace fovea
