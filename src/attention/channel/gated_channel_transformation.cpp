#include <fovea/attention/channel/gated_channel_transformation.h>
#include <fovea/attention/positions.h>

namespace fovea {

void GatedChannelTransformationOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("norm", norm, {{"l1", ChannelNorm::l1}, {"l2", ChannelNorm::l2}}, "how a channel's strength is measured");
}

GatedChannelTransformationImpl::GatedChannelTransformationImpl(std::int64_t channels,
                                                               const GatedChannelTransformationOptions& options)
    : Gate("GatedChannelTransformation"), channels_(channels), norm_(options.norm) {
  alpha_ = register_parameter("alpha", torch::ones({1, channels, 1, 1}));
  gamma_ = register_parameter("gamma", torch::zeros({1, channels, 1, 1}));
  beta_ = register_parameter("beta", torch::zeros({1, channels, 1, 1}));
}

void GatedChannelTransformationImpl::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  alpha_.fill_(1);
  gamma_.zero_();
  beta_.zero_();
}

torch::Tensor GatedChannelTransformationImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  constexpr double kEpsilon = 1e-5;
  expect_features(*this, features, channels_);
  torch::Tensor embedding, scale;  // [N, C, 1, 1], [N, 1, 1, 1]
  if (norm_ == ChannelNorm::l2) {
    embedding = alpha_ * (features.square().sum({2, 3}, /*keepdim=*/true) + kEpsilon).sqrt();
    scale = (embedding.square().mean(1, /*keepdim=*/true) + kEpsilon).sqrt();
  } else {
    embedding = alpha_ * features.abs().sum({2, 3}, /*keepdim=*/true);
    scale = embedding.abs().mean(1, /*keepdim=*/true) + kEpsilon;
  }
  const auto factors = 1 + torch::tanh(gamma_ * embedding / scale + beta_);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::signed_}, factors);
}

}  // namespace fovea
