#include <string>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/channel/frequency_channel_attention.h>
#include <fovea/attention/channel/internal/cosine_basis.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {

void FrequencyChannelAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("frequencies", frequencies, {1, kTopCosines}, "number of cosines, each for an equal part of the channels");
  fields.integer("height", height, {1, 1024}, "height of the cosines; other maps are average-pooled to that size first");
  fields.integer("width", width, {1, 1024}, "width of the cosines; see height");
  fields.integer("reduction_ratio", reduction_ratio, {1, 1 << 16},
                 "bottleneck width is channels / reduction_ratio, rounded down, at least 1");
  visit_gate_function(fields, gate);
}

CosineSqueezeImpl::CosineSqueezeImpl(std::int64_t channels, FrequencyChannelAttentionOptions options)
    : CloneableModule("CosineSqueeze"),
      channels_(expect_positive(channels, "CosineSqueeze: channels")),
      options_(expect_in_range(options, "CosineSqueeze")) {
  expect_divides(channels, options.frequencies, "fca: frequencies");
  const auto cosines = top_cosines(options.frequencies, options.height, options.width);
  const auto weight = cosines.repeat_interleave(channels / options.frequencies, 0);
  weight_ = register_buffer("weight", weight.to(torch::kFloat32));
}

torch::Tensor CosineSqueezeImpl::forward(const torch::Tensor& features) {
  const auto size = weight_.sizes().slice(1);
  const auto pooled = features.sizes().slice(2) == size ? features : torch::adaptive_avg_pool2d(features, size);
  const auto positions = pooled.flatten(2).transpose(0, 1);                                    // [C, N, positions]
  return torch::bmm(positions, weight_.flatten(1).unsqueeze(-1)).squeeze(-1).transpose(0, 1);  // [N, C]
}

std::shared_ptr<torch::nn::Module> CosineSqueezeImpl::rebuilt() const {
  return std::make_shared<CosineSqueezeImpl>(channels_, options_);
}

FrequencyChannelAttentionImpl::FrequencyChannelAttentionImpl(std::int64_t channels, FrequencyChannelAttentionOptions options)
    : Gate("FrequencyChannelAttention"),
      channels_(expect_positive(channels, "FrequencyChannelAttention: channels")),
      options_(expect_in_range(options, "FrequencyChannelAttention")) {
  const std::int64_t reduced = floored_width(channels, static_cast<double>(options.reduction_ratio));
  squeeze_ = register_module("dct_layer", std::make_shared<CosineSqueezeImpl>(channels, options));
  fc_ = register_module(
      "fc",
      torch::nn::Sequential(torch::nn::Linear(torch::nn::LinearOptions(channels, reduced).bias(false)), torch::nn::ReLU(),
                            torch::nn::Linear(torch::nn::LinearOptions(reduced, channels).bias(false))));
}

torch::Tensor FrequencyChannelAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto scores = fc_->forward(squeeze_->forward(features));                     // [N, C]
  const auto gate = gate_values(scores, options_.gate).unsqueeze(-1).unsqueeze(-1);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> FrequencyChannelAttentionImpl::rebuilt() const {
  return std::make_shared<FrequencyChannelAttentionImpl>(channels_, options_);
}

}  // namespace fovea
