#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/squeeze_excitation.h>

namespace fovea {

void SqueezeExcitationOptions::visit_fields(FieldVisitor& fields) {
  fields.real("reduction_ratio", reduction_ratio, {.minimum = 1}, "bottleneck width is channels / reduction_ratio");
  fields.integer("reduced_channels", reduced_channels, {0, 1 << 16},
                 "bottleneck width itself; 0 takes it from reduction_ratio");
  fields.integer("divisor", divisor, {1, 1024}, "the width from reduction_ratio is a multiple of this");
  fields.boolean("bias", bias, "biases in both layers");
  fields.boolean("batch_norm", batch_norm, "batch norm behind the first layer");
  fields.boolean("max_pool", max_pool, "squeeze to the mean of average and maximum");
  fields.choice("gate", gate, {{"sigmoid", GateFunction::sigmoid}, {"hard_sigmoid", GateFunction::hard_sigmoid}},
                "function that turns scores into factors");
}

SqueezeExcitation::SqueezeExcitation(std::int64_t channels, const SqueezeExcitationOptions& options)
    : Gate("SqueezeExcitation"), channels_(channels), max_pool_(options.max_pool), gate_(options.gate) {
  const std::int64_t reduced = bottleneck_width(channels, options);
  fc1_ = register_module("fc1", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, reduced, 1).bias(options.bias)));
  if (options.batch_norm) bn_ = register_module("bn", torch::nn::BatchNorm2d(reduced));
  fc2_ = register_module("fc2", torch::nn::Conv2d(torch::nn::Conv2dOptions(reduced, channels, 1).bias(options.bias)));
}

torch::Tensor SqueezeExcitation::forward(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  auto squeezed = features.mean({2, 3}, /*keepdim=*/true);  // [N, C, 1, 1]
  if (max_pool_) squeezed = 0.5 * squeezed + 0.5 * features.amax({2, 3}, /*keepdim=*/true);
  auto hidden = fc1_(squeezed);  // [N, reduced, 1, 1]
  if (bn_) hidden = bn_(hidden);
  const auto gate = gate_values(fc2_(torch::relu(hidden)), gate_);  // [N, C, 1, 1]
  return features * context.tap(*this, {TapKind::channel, Meaning::gate}, gate);
}

}  // namespace fovea
