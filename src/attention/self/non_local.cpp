#include <cmath>

#include <fovea/attention/positions.h>
#include <fovea/attention/self/non_local.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

double non_local_scale(NonLocalVariant variant, std::int64_t channels, std::int64_t reduced) {
  if (variant == NonLocalVariant::paper) return 1;
  return 1 / std::sqrt(static_cast<double>(variant == NonLocalVariant::timm ? channels : reduced));
}

}  // namespace

void NonLocalOptions::visit_fields(FieldVisitor& fields) {
  fields.choice(
      "variant", variant,
      {{"timm", NonLocalVariant::timm}, {"official", NonLocalVariant::official}, {"paper", NonLocalVariant::paper}},
      "scale of the scores: channels^-1/2, reduced channels^-1/2, or 1");
  visit_bottleneck(fields, *this);
}

NonLocalImpl::NonLocalImpl(std::int64_t channels, NonLocalOptions options)
    : Gate("NonLocal"),
      channels_(expect_positive(channels, "NonLocal: channels")),
      options_(expect_in_range(options, "NonLocal")) {
  const std::int64_t reduced = bottleneck_width(channels, options, "nl", kRoundLimit);
  scale_ = non_local_scale(options.variant, channels, reduced);
  const auto pointwise = [](std::int64_t in, std::int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1));
  };
  t_ = register_module("t", pointwise(channels, reduced));
  p_ = register_module("p", pointwise(channels, reduced));
  g_ = register_module("g", pointwise(channels, reduced));
  z_ = register_module("z", pointwise(reduced, channels));
  norm_ = register_module("norm", torch::nn::BatchNorm2d(channels));
  initialise(construction_stream());
}

torch::Tensor NonLocalImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const std::int64_t height = features.size(2), width = features.size(3);
  const auto queries = t_(features).flatten(2).transpose(1, 2);  // [N, H W, r]
  const auto keys = p_(features).flatten(2);                     // [N, r, H W]
  const auto values = g_(features).flatten(2).transpose(1, 2);   // [N, H W, r]
  const auto weights = (scale_ * torch::bmm(queries, keys)).softmax(-1).unsqueeze(1);
  const HookedTensor about{MapKind::pairwise, Meaning::weights, {height, width}, {height, width}};
  const auto gathered = torch::bmm(context.hook(*this, about, weights).squeeze(1), values);  // [N, H W, r]
  return norm_(z_(to_grid(gathered, height, width))) + features;
}

void NonLocalImpl::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  for (const auto& convolution : {t_, p_, g_, z_}) convolution->bias.zero_();
  norm_->weight.zero_();
}

std::shared_ptr<torch::nn::Module> NonLocalImpl::rebuilt() const {
  return std::make_shared<NonLocalImpl>(channels_, options_);
}

}  // namespace fovea
