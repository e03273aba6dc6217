#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/internal/strip_convolution.h>
#include <fovea/attention/spatial/strip_attention.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {

void StripAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.boolean("convolution", convolution, "convolutions along the means of the rows and of the columns");
  fields.integer("kernel_size", kernel_size, {1, 63}, "odd length of the convolutions");
  fields.boolean("bias", bias, "biases in the convolutions");
  visit_gate_function(fields, gate);
  fields.boolean("skip", skip, "add the features to the result");
}

StripAttentionImpl::StripAttentionImpl(std::int64_t channels, StripAttentionOptions options)
    : Gate("StripAttention"),
      channels_(expect_positive(channels, "StripAttention: channels")),
      options_(expect_in_range(options, "StripAttention")) {
  if (options.convolution) {
    const char* where = "strip: kernel_size";
    conv_h_ = register_module("conv_h", strip_convolution(channels, options.kernel_size, 1, options.bias, where));
    conv_w_ = register_module("conv_w", strip_convolution(channels, 1, options.kernel_size, options.bias, where));
  } else if (options.kernel_size != StripAttentionOptions().kernel_size || options.bias) {
    throw InputError("strip: convolution", "no kernel_size and no bias where it is false",
                     options.bias ? "bias" : "kernel_size");
  }
}

torch::Tensor StripAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  auto rows = features.mean(3, /*keepdim=*/true);     // [N, C, H, 1]
  auto columns = features.mean(2, /*keepdim=*/true);  // [N, C, 1, W]
  if (conv_h_) {
    rows = conv_h_(rows);
    columns = conv_w_(columns);
  }
  const auto gate = gate_values(rows + columns, options_.gate);  // [N, C, H, W]
  const auto gated = features * context.hook(*this, {MapKind::dense, Meaning::gate}, gate);
  return options_.skip ? gated + features : gated;
}

std::shared_ptr<torch::nn::Module> StripAttentionImpl::rebuilt() const {
  return std::make_shared<StripAttentionImpl>(channels_, options_);
}

}  // namespace fovea
