#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/simple_coordinate_attention.h>
#include <fovea/options/check.h>

namespace fovea {

void SimpleCoordinateAttentionOptions::visit_fields(FieldVisitor& fields) {
  visit_bottleneck(fields, *this);
  fields.real("width_factor", width_factor, {.minimum = 0, .maximum = 64, .minimum_open = true},
              "factor of the width from reduction_ratio");
  fields.boolean("bias", bias, "biases in the layers");
  visit_activation(fields, "activation", activation, "non-linearity of the bottleneck");
  visit_gate_function(fields, gate);
  fields.boolean("skip", skip, "add the features to the result");
}

SimpleCoordinateAttentionImpl::SimpleCoordinateAttentionImpl(std::int64_t channels, SimpleCoordinateAttentionOptions options)
    : Gate("SimpleCoordinateAttention"),
      channels_(expect_positive(channels, "SimpleCoordinateAttention: channels")),
      options_(expect_in_range(options, "SimpleCoordinateAttention")) {
  const std::int64_t width = bottleneck_width(channels, options, "scoord");
  const auto layer = [&](std::int64_t in, std::int64_t out) {
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(options.bias));
  };
  fc1_ = register_module("fc1", layer(channels, width));
  fc_h_ = register_module("fc_h", layer(width, channels));
  fc_w_ = register_module("fc_w", layer(width, channels));
}

torch::Tensor SimpleCoordinateAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto rows = features.mean(3).transpose(1, 2);                                                      // [N, H, C]
  const auto columns = features.mean(2).transpose(1, 2);                                                   // [N, W, C]
  const auto row_scores = fc_h_(apply_activation(fc1_(rows), options_.activation)).transpose(1, 2);        // [N, C, H]
  const auto column_scores = fc_w_(apply_activation(fc1_(columns), options_.activation)).transpose(1, 2);  // [N, C, W]
  const auto gate = gate_values(row_scores.unsqueeze(3) + column_scores.unsqueeze(2), options_.gate);      // [N, C, H, W]
  const auto gated = features * context.hook(*this, {MapKind::dense, Meaning::gate}, gate);
  return options_.skip ? gated + features : gated;
}

std::shared_ptr<torch::nn::Module> SimpleCoordinateAttentionImpl::rebuilt() const {
  return std::make_shared<SimpleCoordinateAttentionImpl>(channels_, options_);
}

}  // namespace fovea
