#include <fovea/attention/channel/style_recalibration.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void StyleRecalibrationOptions::visit_fields(FieldVisitor& fields) {
  visit_gate_function(fields, gate);
}

StyleRecalibrationImpl::StyleRecalibrationImpl(std::int64_t channels, StyleRecalibrationOptions options)
    : Gate("StyleRecalibration"),
      channels_(expect_positive(channels, "StyleRecalibration: channels")),
      options_(expect_in_range(options, "StyleRecalibration")) {
  cfc_ = register_parameter("cfc", torch::zeros({channels, 2}));
  bn_ = register_module("bn", torch::nn::BatchNorm2d(channels));
}

void StyleRecalibrationImpl::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  cfc_.zero_();
}

torch::Tensor StyleRecalibrationImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  constexpr double kEpsilon = 1e-5;
  expect_features(*this, features, channels_);
  const bool one_position = features.size(2) * features.size(3) == 1;
  const auto mean = features.mean({2, 3});                                                               // [N, C]
  const auto standard_deviation = (features.var({2, 3}, /*unbiased=*/!one_position) + kEpsilon).sqrt();  // [N, C]
  const auto style = torch::stack({mean, standard_deviation}, -1).transpose(0, 1);                       // [C, N, 2]
  const auto scores = torch::bmm(style, cfc_.unsqueeze(-1)).transpose(0, 1);                             // [N, C, 1]
  expect_norm_fits(*this, *bn_, scores);
  const auto gate = gate_values(bn_(scores.unsqueeze(-1)), options_.gate);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> StyleRecalibrationImpl::rebuilt() const {
  return std::make_shared<StyleRecalibrationImpl>(channels_, options_);
}

}  // namespace fovea
