#include <fovea/attention/channel/efficient_channel_attention.h>
#include <fovea/attention/function_fields.h>
#include <fovea/attention/positions.h>

namespace fovea {

void EfficientChannelAttentionOptions::visit_fields(FieldVisitor& fields) {
  ChannelKernelOptions::visit_fields(fields);
  visit_gate_function(fields, gate);
}

EfficientChannelAttentionImpl::EfficientChannelAttentionImpl(std::int64_t channels,
                                                             const EfficientChannelAttentionOptions& options)
    : Gate("EfficientChannelAttention"), channels_(channels), gate_(options.gate) {
  const std::int64_t kernel = channel_kernel_size(channels, options, "eca");
  conv_ = register_module("conv", torch::nn::Conv1d(torch::nn::Conv1dOptions(1, 1, kernel).padding(kernel / 2).bias(false)));
}

torch::Tensor EfficientChannelAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto squeezed = features.mean({2, 3}).unsqueeze(1);                             // [N, 1, C]
  const auto gate = gate_values(conv_(squeezed), gate_).transpose(1, 2).unsqueeze(-1);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

}  // namespace fovea
