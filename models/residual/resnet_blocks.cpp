#include <string>
#include <utility>

#include <fovea/attention/cloned_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/models/internal/strided_side.h>
#include <fovea/models/residual/resnet_blocks.h>
#include <fovea/nn/stochastic_depth.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Convolution that keeps the size with stride 1. @param kernel 1 or 3.
torch::nn::Conv2dOptions resnet_convolution(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1,
                                            std::int64_t dilation = 1, std::int64_t groups = 1) {
  const std::int64_t padding = dilation * (kernel / 2);
  return torch::nn::Conv2dOptions(in, out, kernel)
      .stride(stride)
      .padding(padding)
      .dilation(dilation)
      .groups(groups)
      .bias(false);
}

/// 2x2 average pooling with stride 1 and the same size. Padding zeros count in the means, as in timm's AvgPool2dSame.
torch::Tensor means_at_every_cell(const torch::Tensor& features) {
  return torch::avg_pool2d(torch::constant_pad_nd(features, {0, 1, 0, 1}), /*kernel_size=*/2, /*stride=*/1);
}

torch::nn::BatchNorm2d resnet_norm(std::int64_t channels, double epsilon) {
  return torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(channels).eps(epsilon));
}

/// Shortcut to the size and channels of the branch.
torch::nn::Sequential resnet_shortcut(const ResnetBlockPlan& plan) {
  torch::nn::Sequential shortcut;
  if (plan.avg_down && plan.stride > 1) {
    const auto options = torch::nn::AvgPool2dOptions(2).stride(plan.stride).ceil_mode(true).count_include_pad(false);
    shortcut->push_back(torch::nn::AvgPool2d(options));
  } else if (plan.avg_down && plan.dilation > 1) {
    shortcut->push_back(torch::nn::Functional(means_at_every_cell));
  } else if (plan.avg_down) {
    shortcut->push_back(torch::nn::Identity());
  }
  const std::int64_t stride = plan.avg_down ? 1 : plan.stride;
  shortcut->push_back(torch::nn::Conv2d(resnet_convolution(plan.in.channels, plan.out_channels(), 1, stride)));
  shortcut->push_back(resnet_norm(plan.out_channels(), plan.norm_epsilon));
  return shortcut;
}

const ResnetBlockPlan& expect_possible_block(const ResnetBlockPlan& plan) {
  for (const auto& [name, value] : {std::pair{"in.channels", plan.in.channels},
                                    {"channels", plan.channels},
                                    {"cardinality", plan.cardinality},
                                    {"base_width", plan.base_width},
                                    {"width", plan.width()},
                                    {"stride", plan.stride},
                                    {"dilation", plan.dilation},
                                    {"first_dilation", plan.first_dilation}}) {
    expect_positive(value, std::string("ResnetBlock: ") + name);
  }
  expect_in_range(plan.drop_probability, kFractionBelowOne, "ResnetBlock: drop_probability");
  expect_in_range(plan.norm_epsilon, kNormEpsilon, "ResnetBlock: norm_epsilon");
  return plan;
}

}  // namespace

ResnetBlockImpl::ResnetBlockImpl(const ResnetBlockPlan& plan, AttentionFactory& attention)
    : ContextModule("ResnetBlock"),
      plan_(expect_possible_block(plan)),
      out_{plan.out_channels(), strided_side(plan.in.height, plan.stride), strided_side(plan.in.width, plan.stride)} {
  const std::int64_t in = plan.in.channels, width = plan.width(), out = out_.channels;
  const std::string mixer = plan.path + ".conv2";
  if (plan.kind == ResnetBlockKind::basic) {
    mixer_ = attention.mixer({InsertionKind::conv, plan.stage, out_, out, 1, mixer});
    add_layer(resnet_convolution(in, out, 3, plan.stride, plan.first_dilation));
    add_layer(resnet_convolution(out, out, 3, 1, plan.dilation), mixer_);
  } else {
    const std::int64_t first = plan.bottleneck_stride == BottleneckStride::conv1 ? plan.stride : 1;
    const std::int64_t second = plan.stride / first;
    const FeatureShape inside{width, strided_side(plan.in.height, first), strided_side(plan.in.width, first)};
    mixer_ = attention.mixer({InsertionKind::conv, plan.stage, inside, width, second, mixer});
    add_layer(resnet_convolution(in, width, 1, first));
    add_layer(resnet_convolution(width, width, 3, second, plan.first_dilation, plan.cardinality), mixer_);
    add_layer(resnet_convolution(width, out, 1));
  }
  join_ = ResidualJoin(attention.gate({InsertionKind::block, plan.stage, out_, out, 1, plan.path + ".se"}));
  if (join_.gate()) register_module("se", join_.gate());
  if (plan.stride != 1 || in != out) downsample_ = register_module("downsample", resnet_shortcut(plan));
}

std::shared_ptr<torch::nn::Module> ResnetBlockImpl::rebuilt() const {
  ClonedAttention attention(*this, plan_.path);
  return std::make_shared<ResnetBlockImpl>(plan_, attention);
}

void ResnetBlockImpl::add_layer(const torch::nn::Conv2dOptions& convolution, const std::shared_ptr<Mixer>& mixer) {
  const std::string number = std::to_string(norms_.size() + 1);
  convolutions_.emplace_back(nullptr);
  if (mixer) {
    register_module("conv" + number, mixer);
  } else {
    convolutions_.back() = register_module("conv" + number, torch::nn::Conv2d(convolution));
  }
  norms_.push_back(register_module("bn" + number, resnet_norm(convolution.out_channels(), plan_.norm_epsilon)));
}

torch::Tensor ResnetBlockImpl::forward(const torch::Tensor& features, ContextArgument argument) {
  ForwardContext& context = argument.of(*this);
  torch::Tensor branch = features;
  for (std::size_t i = 0; i < norms_.size(); ++i) {
    if (i > 0) branch = torch::relu(branch);
    branch = convolutions_[i] ? context.hook_layer(*convolutions_[i], convolutions_[i](branch))
                              : context.hook_layer(*mixer_, mixer_->forward(branch, context));
    expect_norm_fits(*this, *norms_[i], branch);
    branch = context.hook_layer(*norms_[i], norms_[i](branch));
  }
  const auto mask = drop_path_mask(*this, branch, plan_.drop_probability, context.random.child(plan_.path));
  const auto shortcut = downsample_ ? context.hook_layer(*downsample_, downsample_->forward(features)) : features;
  return join_.join(branch, shortcut, Activation::relu, context, mask);
}

}  // namespace fovea
