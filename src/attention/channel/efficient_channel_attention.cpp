#include <fovea/attention/channel/efficient_channel_attention.h>
#include <fovea/attention/channel/internal/channel_kernel.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void EfficientChannelAttentionOptions::visit_fields(FieldVisitor& fields) {
  visit_channel_kernel(fields, *this);
  visit_gate_function(fields, gate);
}

EfficientChannelAttentionImpl::EfficientChannelAttentionImpl(std::int64_t channels, EfficientChannelAttentionOptions options)
    : Gate("EfficientChannelAttention"),
      channels_(expect_positive(channels, "EfficientChannelAttention: channels")),
      options_(expect_in_range(options, "EfficientChannelAttention")) {
  const std::int64_t kernel = channel_kernel_size(channels, options, "eca");
  conv_ = register_module("conv", torch::nn::Conv1d(torch::nn::Conv1dOptions(1, 1, kernel).padding(kernel / 2).bias(false)));
}

torch::Tensor EfficientChannelAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto squeezed = features.mean({2, 3}).unsqueeze(1);                                     // [N, 1, C]
  const auto gate = gate_values(conv_(squeezed), options_.gate).transpose(1, 2).unsqueeze(-1);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> EfficientChannelAttentionImpl::rebuilt() const {
  return std::make_shared<EfficientChannelAttentionImpl>(channels_, options_);
}

}  // namespace fovea
