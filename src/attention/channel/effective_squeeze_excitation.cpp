#include <fovea/attention/channel/effective_squeeze_excitation.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/internal/squeeze.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void EffectiveSqueezeExcitationOptions::visit_fields(FieldVisitor& fields) {
  fields.boolean("max_pool", max_pool, "squeeze to the mean of average and maximum");
  visit_gate_function(fields, gate);
}

EffectiveSqueezeExcitationImpl::EffectiveSqueezeExcitationImpl(std::int64_t channels,
                                                               EffectiveSqueezeExcitationOptions options)
    : Gate("EffectiveSqueezeExcitation"),
      channels_(expect_positive(channels, "EffectiveSqueezeExcitation: channels")),
      options_(expect_in_range(options, "EffectiveSqueezeExcitation")) {
  fc_ = register_module("fc", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 1)));
}

torch::Tensor EffectiveSqueezeExcitationImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto gate = gate_values(fc_(squeeze_channels(features, options_.max_pool)), options_.gate);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> EffectiveSqueezeExcitationImpl::rebuilt() const {
  return std::make_shared<EffectiveSqueezeExcitationImpl>(channels_, options_);
}

}  // namespace fovea
