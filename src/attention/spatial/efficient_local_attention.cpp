#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/efficient_local_attention.h>
#include <fovea/attention/spatial/internal/strip_convolution.h>
#include <fovea/options/check.h>

namespace fovea {

void EfficientLocalAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("kernel_size", kernel_size, {1, 63}, "odd length of the convolutions");
  fields.boolean("bias", bias, "biases in the convolutions");
  visit_feature_norm(fields, norm, "norm behind each convolution");
  visit_activation(fields, "activation", activation, "non-linearity behind each norm");
  visit_gate_function(fields, gate);
  fields.boolean("skip", skip, "add the features to the result");
}

EfficientLocalAttentionImpl::EfficientLocalAttentionImpl(std::int64_t channels, EfficientLocalAttentionOptions options)
    : Gate("EfficientLocalAttention"),
      channels_(expect_positive(channels, "EfficientLocalAttention: channels")),
      options_(expect_in_range(options, "EfficientLocalAttention")),
      norm_h_(make_feature_norm(options.norm, channels)),
      norm_w_(make_feature_norm(options.norm, channels)) {
  const char* where = "ela: kernel_size";
  conv_h_ = register_module("conv_h", strip_convolution(channels, options.kernel_size, 1, options.bias, where));
  conv_w_ = register_module("conv_w", strip_convolution(channels, 1, options.kernel_size, options.bias, where));
  register_module("norm_h", norm_h_.ptr());
  register_module("norm_w", norm_w_.ptr());
}

torch::Tensor EfficientLocalAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto gate = [&](const torch::Tensor& means, torch::nn::Conv2d& convolution, torch::nn::AnyModule& norm) {
    const auto values = gate_values(apply_activation(norm.forward(convolution(means)), options_.activation), options_.gate);
    return context.hook(*convolution, {MapKind::dense, Meaning::gate}, values.expand_as(features));
  };
  const auto gate_h = gate(features.mean(3, /*keepdim=*/true), conv_h_, norm_h_);  // from [N, C, H, 1]
  const auto gate_w = gate(features.mean(2, /*keepdim=*/true), conv_w_, norm_w_);  // from [N, C, 1, W]
  const auto gated = features * gate_h * gate_w;
  return options_.skip ? gated + features : gated;
}

std::shared_ptr<torch::nn::Module> EfficientLocalAttentionImpl::rebuilt() const {
  return std::make_shared<EfficientLocalAttentionImpl>(channels_, options_);
}

}  // namespace fovea
