#include <string>
#include <utility>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/cloned_attention.h>
#include <fovea/models/internal/normed.h>
#include <fovea/models/internal/register_at.h>
#include <fovea/models/internal/strided_side.h>
#include <fovea/models/mobilenet/inverted_residual.h>
#include <fovea/nn/stochastic_depth.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

torch::nn::Conv2d mobile_pointwise(std::int64_t in_channels, std::int64_t out_channels) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, 1).bias(false));
}

torch::nn::Conv2d mobile_depthwise(const InvertedResidualShape& shape) {
  const auto options = torch::nn::Conv2dOptions(shape.expanded, shape.expanded, shape.kernel)
                           .stride(shape.stride)
                           .padding(shape.kernel / 2)
                           .groups(shape.expanded)
                           .bias(false);
  return torch::nn::Conv2d(options);
}

/// Squeeze-and-excitation of MobileNetV3: a quarter of the channels, rounded to a multiple of 8; hard sigmoid.
std::shared_ptr<Gate> mobile_excitation(std::int64_t channels, ExcitationNames names) {
  SqueezeExcitationOptions options;
  options.reduced_channels = divisible_width(static_cast<double>(channels) / 4, 8, kRoundLimit);
  options.gate = GateFunction::hard_sigmoid;
  options.names = names;
  return std::make_shared<SqueezeExcitationImpl>(channels, options);
}

const InvertedResidualPlan& expect_possible_block(const InvertedResidualPlan& plan) {
  for (const auto& [name, value] : {std::pair{"in.channels", plan.in.channels},
                                    {"expanded", plan.shape.expanded},
                                    {"out_channels", plan.shape.out_channels},
                                    {"kernel", plan.shape.kernel},
                                    {"stride", plan.shape.stride}}) {
    expect_positive(value, std::string("InvertedResidual: ") + name);
  }
  expect_in_range(plan.drop_probability, kFractionBelowOne, "InvertedResidual: drop_probability");
  expect_in_range(plan.settings.norm_epsilon, kNormEpsilon, "InvertedResidual: norm_epsilon");
  expect_in_range(plan.settings.norm_momentum, kFraction, "InvertedResidual: norm_momentum");
  return plan;
}

}  // namespace

std::vector<std::string> InvertedResidualNames::layers() const {
  const bool fc = excitation == ExcitationNames::fc;
  return {expand,
          expand_norm,
          depthwise,
          depthwise_norm,
          gate,
          gate + (fc ? ".fc1" : ".conv_reduce"),
          gate + (fc ? ".fc2" : ".conv_expand"),
          project,
          project_norm};
}

InvertedResidualNames timm_inverted_residual(bool expands) {
  if (!expands) return {"", "", "conv_dw", "bn1", "se", ExcitationNames::conv, "conv_pw", "bn2"};
  return {"conv_pw", "bn1", "conv_dw", "bn2", "se", ExcitationNames::conv, "conv_pwl", "bn3"};
}

torch::nn::BatchNorm2d mobile_norm(std::int64_t channels, const InvertedResidualSettings& settings) {
  return torch::nn::BatchNorm2d(
      torch::nn::BatchNorm2dOptions(channels).eps(settings.norm_epsilon).momentum(settings.norm_momentum));
}

InvertedResidualImpl::InvertedResidualImpl(const InvertedResidualPlan& plan, AttentionFactory& attention)
    : ContextModule("InvertedResidual"),
      plan_(expect_possible_block(plan)),
      residual_(plan.shape.stride == 1 && plan.in.channels == plan.shape.out_channels) {
  const auto& [in, shape, names, settings, stage, path, drop_probability] = plan;
  const std::int64_t stride = shape.stride;
  const FeatureShape inside{shape.expanded, in.height, in.width};
  const FeatureShape gated{shape.expanded, strided_side(in.height, stride), strided_side(in.width, stride)};
  output_shape_ = {shape.out_channels, gated.height, gated.width};

  if (shape.expands) {
    expand_ = register_at(*this, names.expand, mobile_pointwise(in.channels, shape.expanded));
    expand_norm_ = register_at(*this, names.expand_norm, mobile_norm(shape.expanded, settings));
  }
  mixer_ = attention.mixer({InsertionKind::conv, stage, inside, shape.expanded, stride, path + "." + names.depthwise, {}});
  if (mixer_) {
    register_at(*this, names.depthwise, mixer_);
  } else {
    depthwise_ = register_at(*this, names.depthwise, mobile_depthwise(shape));
  }
  depthwise_norm_ = register_at(*this, names.depthwise_norm, mobile_norm(shape.expanded, settings));
  gate_ = attention.gate({InsertionKind::block, stage, gated, shape.expanded, 1, path + "." + names.gate, {}});
  if (!gate_ && shape.excited && settings.squeeze_excitation) gate_ = mobile_excitation(shape.expanded, names.excitation);
  if (gate_) register_at(*this, names.gate, gate_);
  project_ = register_at(*this, names.project, mobile_pointwise(shape.expanded, shape.out_channels));
  project_norm_ = register_at(*this, names.project_norm, mobile_norm(shape.out_channels, settings));
}

std::shared_ptr<torch::nn::Module> InvertedResidualImpl::rebuilt() const {
  ClonedAttention attention(*this, plan_.path);
  return std::make_shared<InvertedResidualImpl>(plan_, attention);
}

torch::Tensor InvertedResidualImpl::forward(const torch::Tensor& features, ContextArgument argument) {
  ForwardContext& context = argument.of(*this);
  const Activation activation = plan_.shape.activation;
  const auto hooked = [&](const torch::nn::Module& layer, const torch::Tensor& output) {
    return context.hook_layer(layer, output);
  };
  torch::Tensor inside = features;
  if (expand_) {
    inside = hooked(*expand_, expand_(features));
    inside = apply_activation(hooked(*expand_norm_, normed(*this, expand_norm_, inside)), activation);
  }
  const auto mixed = mixer_ ? hooked(*mixer_, mixer_->forward(inside, context)) : hooked(*depthwise_, depthwise_(inside));
  const auto hidden = apply_activation(hooked(*depthwise_norm_, normed(*this, depthwise_norm_, mixed)), activation);
  const auto gated = gate_ ? gate_->forward(hidden, context) : hidden;
  const auto projected = hooked(*project_, project_(gated));
  const auto branch = hooked(*project_norm_, normed(*this, project_norm_, projected));
  if (!residual_) return branch;
  const auto mask = drop_path_mask(*this, branch, plan_.drop_probability, context.random.child(plan_.path));
  return mask.defined() ? torch::addcmul(features, branch, mask) : features + branch;
}

}  // namespace fovea
