#include <string>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/residual_attention.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr double kMaskEpsilon = 1e-5;  // for norms and variances that may be 0

/// `count` residual units one after another; none is the identity.
torch::nn::Sequential pre_activation_units(std::int64_t count, std::int64_t channels, std::int64_t width) {
  torch::nn::Sequential units;
  for (std::int64_t i = 0; i < count; ++i) units->push_back(std::make_shared<PreActivationUnitImpl>(channels, width));
  return units;
}

torch::Tensor through_units(torch::nn::Sequential& units, const torch::Tensor& features) {
  return units->is_empty() ? features : units->forward(features);
}

torch::nn::Conv2d mask_convolution(std::int64_t in, std::int64_t out, std::int64_t side) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, side).padding(side / 2).bias(false));
}

/// Scores [N, C, H, W] -> mask of the same shape.
torch::Tensor mask_values(const torch::Tensor& scores, MaskForm form) {
  if (form == MaskForm::channel) return scores / scores.norm(2, {1}, /*keepdim=*/true).clamp_min(kMaskEpsilon);
  if (form == MaskForm::mixed) return torch::sigmoid(scores);
  const auto centred = scores - scores.mean({2, 3}, /*keepdim=*/true);
  const auto variance = centred.square().mean({2, 3}, /*keepdim=*/true);
  return torch::sigmoid(centred * torch::rsqrt(variance + kMaskEpsilon));
}

}  // namespace

void ResidualAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("preprocessing_units", preprocessing_units, {0, 64},
                 "p: residual units before the branches, and as many behind");
  fields.integer("trunk_units", trunk_units, {0, 64}, "t: residual units of the trunk branch");
  fields.integer("mask_units", mask_units, {1, 64},
                 "r: residual units at each scale of the mask branch, bottom-up and top-down");
  fields.integer("poolings", poolings, {1, 8}, "number of times that the mask branch halves height and width");
  fields.real("reduction_ratio", reduction_ratio, {.minimum = 0.001},
              "width inside a residual unit is channels / reduction_ratio");
  fields.choice("form", form, {{"mixed", MaskForm::mixed}, {"channel", MaskForm::channel}, {"spatial", MaskForm::spatial}},
                "mask: sigmoid, L2 normalisation over channels, or sigmoid of scores standardised over positions");
}

PreActivationUnitImpl::PreActivationUnitImpl(std::int64_t channels, std::int64_t width)
    : CloneableModule("PreActivationUnit"), channels_(channels), width_(width) {
  bn1_ = register_module("bn1", torch::nn::BatchNorm2d(channels));
  conv1_ = register_module("conv1", mask_convolution(channels, width, 1));
  bn2_ = register_module("bn2", torch::nn::BatchNorm2d(width));
  conv2_ = register_module("conv2", mask_convolution(width, width, 3));
  bn3_ = register_module("bn3", torch::nn::BatchNorm2d(width));
  conv3_ = register_module("conv3", mask_convolution(width, channels, 1));
}

torch::Tensor PreActivationUnitImpl::forward(const torch::Tensor& features) {
  auto hidden = conv1_(torch::relu(bn1_(features)));
  hidden = conv2_(torch::relu(bn2_(hidden)));
  return features + conv3_(torch::relu(bn3_(hidden)));
}

std::shared_ptr<torch::nn::Module> PreActivationUnitImpl::rebuilt() const {
  return std::make_shared<PreActivationUnitImpl>(channels_, width_);
}

MaskBranchImpl::MaskBranchImpl(std::int64_t channels, ResidualAttentionOptions options)
    : CloneableModule("MaskBranch"),
      channels_(expect_positive(channels, "MaskBranch: channels")),
      options_(expect_in_range(options, "MaskBranch")) {
  const std::int64_t width = floored_width(channels, options.reduction_ratio);
  for (std::int64_t scale = 0; scale < options.poolings; ++scale) {
    const std::string number = std::to_string(scale);
    down_.push_back(register_module("down" + number, pre_activation_units(options.mask_units, channels, width)));
    up_.push_back(register_module("up" + number, pre_activation_units(options.mask_units, channels, width)));
    if (scale + 1 == options.poolings) break;
    skip_.push_back(register_module("skip" + number, std::make_shared<PreActivationUnitImpl>(channels, width)));
  }
  bn1_ = register_module("bn1", torch::nn::BatchNorm2d(channels));
  conv1_ = register_module("conv1", mask_convolution(channels, channels, 1));
  bn2_ = register_module("bn2", torch::nn::BatchNorm2d(channels));
  conv2_ = register_module("conv2", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 1)));
}

torch::Tensor MaskBranchImpl::forward(const torch::Tensor& features) {
  torch::Tensor hidden = features;
  std::vector<torch::Tensor> above;  // input of each pooling
  for (auto& units : down_) {
    above.push_back(hidden);
    hidden = units->forward(torch::max_pool2d(hidden, /*kernel_size=*/3, /*stride=*/2, /*padding=*/1));
  }
  for (std::size_t scale = down_.size(); scale-- > 0;) {
    const torch::Tensor& target = above[scale];
    hidden = torch::upsample_bilinear2d(up_[scale]->forward(hidden), {target.size(2), target.size(3)},
                                        /*align_corners=*/false);
    if (scale > 0) hidden = hidden + skip_[scale - 1]->forward(target);
  }
  return conv2_(torch::relu(bn2_(conv1_(torch::relu(bn1_(hidden))))));
}

std::shared_ptr<torch::nn::Module> MaskBranchImpl::rebuilt() const {
  return std::make_shared<MaskBranchImpl>(channels_, options_);
}

ResidualAttentionImpl::ResidualAttentionImpl(std::int64_t channels, ResidualAttentionOptions options)
    : Gate("ResidualAttention"),
      channels_(expect_positive(channels, "ResidualAttention: channels")),
      options_(expect_in_range(options, "ResidualAttention")) {
  const std::int64_t width = floored_width(channels, options.reduction_ratio);
  before_ = register_module("before", pre_activation_units(options.preprocessing_units, channels, width));
  trunk_ = register_module("trunk", pre_activation_units(options.trunk_units, channels, width));
  mask_ = register_module("mask", std::make_shared<MaskBranchImpl>(channels, options));
  after_ = register_module("after", pre_activation_units(options.preprocessing_units, channels, width));
}

torch::Tensor ResidualAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto input = through_units(before_, features);
  const auto trunk = through_units(trunk_, input);
  const Meaning meaning = options_.form == MaskForm::channel ? Meaning::signed_ : Meaning::gate;
  const auto mask = context.hook(*this, {MapKind::dense, meaning}, mask_values(mask_->forward(input), options_.form));
  return through_units(after_, trunk + trunk * mask);
}

std::shared_ptr<torch::nn::Module> ResidualAttentionImpl::rebuilt() const {
  return std::make_shared<ResidualAttentionImpl>(channels_, options_);
}

}  // namespace fovea
