#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/channel/efficient_channel_mlp.h>
#include <fovea/attention/channel/internal/channel_kernel.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void EfficientChannelMlpOptions::visit_fields(FieldVisitor& fields) {
  visit_channel_kernel(fields, *this);
  visit_bottleneck(fields, *this);
  visit_activation(fields, "activation", activation, "non-linearity between the convolutions");
  visit_gate_function(fields, gate);
}

EfficientChannelMlpImpl::EfficientChannelMlpImpl(std::int64_t channels, EfficientChannelMlpOptions options)
    : Gate("EfficientChannelMlp"),
      channels_(expect_positive(channels, "EfficientChannelMlp: channels")),
      options_(expect_in_range(options, "EfficientChannelMlp")) {
  const std::int64_t kernel = channel_kernel_size(channels, options, "ecam");
  const std::int64_t planes = bottleneck_width(channels, options, "ecam", kRoundLimit);
  conv_ = register_module("conv", torch::nn::Conv1d(torch::nn::Conv1dOptions(1, planes, 1)));
  conv2_ = register_module("conv2", torch::nn::Conv1d(torch::nn::Conv1dOptions(planes, 1, kernel).padding(kernel / 2)));
}

torch::Tensor EfficientChannelMlpImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto squeezed = features.mean({2, 3}).unsqueeze(1);                            // [N, 1, C]
  const auto scores = conv2_(apply_activation(conv_(squeezed), options_.activation));  // [N, 1, C]
  const auto gate = gate_values(scores, options_.gate).transpose(1, 2).unsqueeze(-1);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> EfficientChannelMlpImpl::rebuilt() const {
  return std::make_shared<EfficientChannelMlpImpl>(channels_, options_);
}

}  // namespace fovea
