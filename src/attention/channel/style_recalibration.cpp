#include <fovea/attention/channel/style_recalibration.h>
#include <fovea/attention/function_fields.h>
#include <fovea/attention/positions.h>

namespace fovea {

void StyleRecalibrationOptions::visit_fields(FieldVisitor& fields) {
  visit_gate_function(fields, gate);
}

StyleRecalibrationImpl::StyleRecalibrationImpl(std::int64_t channels, const StyleRecalibrationOptions& options)
    : Gate("StyleRecalibration"), channels_(channels), gate_(options.gate) {
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
  const bool one_cell = features.size(2) * features.size(3) == 1;
  const auto mean = features.mean({2, 3});                                                  // [N, C]
  const auto deviation = (features.var({2, 3}, /*unbiased=*/!one_cell) + kEpsilon).sqrt();  // [N, C]
  const auto style = torch::stack({mean, deviation}, -1).transpose(0, 1);                   // [C, N, 2]
  const auto scores = torch::bmm(style, cfc_.unsqueeze(-1)).transpose(0, 1);                // [N, C, 1]
  expect_norm_fits(*this, *bn_, scores);
  const auto gate = gate_values(bn_(scores.unsqueeze(-1)), gate_);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

}  // namespace fovea
