#include <fovea/attention/channel/circular_channel_attention.h>
#include <fovea/attention/channel/internal/channel_kernel.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {

void CircularChannelAttentionOptions::visit_fields(FieldVisitor& fields) {
  visit_channel_kernel(fields, *this);
  fields.boolean("bias", bias, "bias of the convolution");
  visit_gate_function(fields, gate);
}

CircularChannelAttentionImpl::CircularChannelAttentionImpl(std::int64_t channels, CircularChannelAttentionOptions options)
    : Gate("CircularChannelAttention"),
      channels_(expect_positive(channels, "CircularChannelAttention: channels")),
      options_(expect_in_range(options, "CircularChannelAttention")) {
  const std::int64_t kernel = channel_kernel_size(channels, options, "ceca");
  if (kernel / 2 > channels) {
    throw InputError("ceca: kernel_size",
                     "at most " + std::to_string(2 * channels + 1) + " for " + std::to_string(channels) + " channels",
                     std::to_string(kernel));
  }
  const auto convolution = torch::nn::Conv1dOptions(1, 1, kernel).padding(kernel / 2).padding_mode(torch::kCircular);
  conv_ = register_module("conv", torch::nn::Conv1d(torch::nn::Conv1dOptions(convolution).bias(options.bias)));
}

torch::Tensor CircularChannelAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto squeezed = features.mean({2, 3}).unsqueeze(1);                                     // [N, 1, C]
  const auto gate = gate_values(conv_(squeezed), options_.gate).transpose(1, 2).unsqueeze(-1);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> CircularChannelAttentionImpl::rebuilt() const {
  return std::make_shared<CircularChannelAttentionImpl>(channels_, options_);
}

}  // namespace fovea
