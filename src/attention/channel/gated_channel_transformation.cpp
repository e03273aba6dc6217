#include <fovea/attention/channel/gated_channel_transformation.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void GatedChannelTransformationOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("norm", norm, {{"l1", ChannelNorm::l1}, {"l2", ChannelNorm::l2}}, "norm of a channel over its positions");
}

GatedChannelTransformationImpl::GatedChannelTransformationImpl(std::int64_t channels,
                                                               GatedChannelTransformationOptions options)
    : Gate("GatedChannelTransformation"),
      channels_(expect_positive(channels, "GatedChannelTransformation: channels")),
      options_(expect_in_range(options, "GatedChannelTransformation")) {
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
  if (options_.norm == ChannelNorm::l2) {
    embedding = alpha_ * (features.square().sum({2, 3}, /*keepdim=*/true) + kEpsilon).sqrt();
    scale = (embedding.square().mean(1, /*keepdim=*/true) + kEpsilon).sqrt();
  } else {
    embedding = alpha_ * features.abs().sum({2, 3}, /*keepdim=*/true);
    scale = embedding.abs().mean(1, /*keepdim=*/true) + kEpsilon;
  }
  const auto factors = 1 + torch::tanh(gamma_ * embedding / scale + beta_);  // [N, C, 1, 1]
  return features * context.hook(*this, {MapKind::channel, Meaning::signed_}, factors);
}

std::shared_ptr<torch::nn::Module> GatedChannelTransformationImpl::rebuilt() const {
  return std::make_shared<GatedChannelTransformationImpl>(channels_, options_);
}

}  // namespace fovea
