#include <algorithm>
#include <cmath>

#include <fovea/attention/efficient_channel_attention.h>
#include <fovea/base/error.h>

namespace fovea {
namespace {

/// The paper's psi(C) as its authors compute it: |log2(C) + beta| / gamma without its fraction, plus one if that is even.
std::int64_t adaptive_kernel_size(std::int64_t channels, double gamma, double beta) {
  const auto size = static_cast<std::int64_t>(std::abs(std::log2(static_cast<double>(channels)) + beta) / gamma);
  return std::max<std::int64_t>(size % 2 == 1 ? size : size + 1, 3);
}

}  // namespace

void EfficientChannelAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("kernel_size", kernel_size, {0, 1023},
                 "odd number of neighbouring channels; 0 takes it from gamma and beta");
  fields.real("gamma", gamma, kPositive, "kernel size = odd(|log2(channels) + beta| / gamma), at least 3");
  fields.real("beta", beta, RealRange{-64, 64}, "see gamma");
  fields.choice("gate", gate, {{"sigmoid", GateFunction::sigmoid}, {"hard_sigmoid", GateFunction::hard_sigmoid}},
                "function that turns scores into factors");
}

EfficientChannelAttention::EfficientChannelAttention(std::int64_t channels, const EfficientChannelAttentionOptions& options)
    : Gate("EfficientChannelAttention"), channels_(channels), gate_(options.gate) {
  const EfficientChannelAttentionOptions defaults;
  if (options.kernel_size > 0 && (options.gamma != defaults.gamma || options.beta != defaults.beta)) {
    throw InputError("eca: kernel_size", "no gamma and no beta beside it", "both", "set one of them");
  }
  const std::int64_t kernel =
      options.kernel_size > 0 ? options.kernel_size : adaptive_kernel_size(channels, options.gamma, options.beta);
  if (kernel % 2 == 0) throw InputError("eca: kernel_size", "an odd number or 0", std::to_string(kernel));
  conv_ = register_module("conv", torch::nn::Conv1d(torch::nn::Conv1dOptions(1, 1, kernel).padding(kernel / 2).bias(false)));
}

torch::Tensor EfficientChannelAttention::forward(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto squeezed = features.mean({2, 3}).unsqueeze(1);                             // [N, 1, C]
  const auto gate = gate_values(conv_(squeezed), gate_).transpose(1, 2).unsqueeze(-1);  // [N, C, 1, 1]
  return features * context.tap(*this, {TapKind::channel, Meaning::gate}, gate);
}

}  // namespace fovea
