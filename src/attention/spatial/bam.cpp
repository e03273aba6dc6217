#include <memory>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/bam.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

torch::nn::Sequential bam_channel_branch(std::int64_t channels, std::int64_t width) {
  return torch::nn::Sequential({{"gate_c_fc_0", torch::nn::Linear(channels, width)},
                                {"gate_c_bn_1", torch::nn::BatchNorm1d(width)},
                                {"gate_c_relu_1", torch::nn::ReLU()},
                                {"gate_c_fc_final", torch::nn::Linear(width, channels)}});
}

torch::nn::Sequential bam_spatial_branch(std::int64_t channels, std::int64_t width, std::int64_t dilation) {
  const auto dilated = torch::nn::Conv2dOptions(width, width, 3).padding(dilation).dilation(dilation);
  return torch::nn::Sequential({{"gate_s_conv_reduce0", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, width, 1))},
                                {"gate_s_bn_reduce0", torch::nn::BatchNorm2d(width)},
                                {"gate_s_relu_reduce0", torch::nn::ReLU()},
                                {"gate_s_conv_di_0", torch::nn::Conv2d(dilated)},
                                {"gate_s_bn_di_0", torch::nn::BatchNorm2d(width)},
                                {"gate_s_relu_di_0", torch::nn::ReLU()},
                                {"gate_s_conv_di_1", torch::nn::Conv2d(dilated)},
                                {"gate_s_bn_di_1", torch::nn::BatchNorm2d(width)},
                                {"gate_s_relu_di_1", torch::nn::ReLU()},
                                {"gate_s_conv_final", torch::nn::Conv2d(torch::nn::Conv2dOptions(width, 1, 1))}});
}

}  // namespace

void BamOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("variant", variant, {{"paper", BamVariant::paper}, {"official", BamVariant::official}},
                "channel and spatial scores are added as in the paper, or multiplied as in the authors' code");
  fields.real("reduction_ratio", reduction_ratio, {.minimum = 0.001},
              "width of both branches is channels / reduction_ratio");
  fields.integer("dilation", dilation, {1, 64}, "dilation of the two 3x3 convolutions over positions");
}

BamImpl::BamImpl(std::int64_t channels, BamOptions options)
    : Gate("Bam"), channels_(expect_positive(channels, "Bam: channels")), options_(expect_in_range(options, "Bam")) {
  const std::int64_t width = floored_width(channels, options.reduction_ratio);
  const auto channel = register_module("channel_att", std::make_shared<torch::nn::Module>("BamChannelBranch"));
  const auto spatial = register_module("spatial_att", std::make_shared<torch::nn::Module>("BamSpatialBranch"));
  gate_c_ = channel->register_module("gate_c", bam_channel_branch(channels, width));
  gate_s_ = spatial->register_module("gate_s", bam_spatial_branch(channels, width, options.dilation));
}

torch::Tensor BamImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto means = features.mean({2, 3});  // [N, C]
  expect_norm_fits(*this, *gate_c_, means);
  const auto channel = gate_c_->forward(means).unsqueeze(2).unsqueeze(3);  // [N, C, 1, 1]
  const auto spatial = gate_s_->forward(features);                         // [N, 1, H, W]
  const auto scores = options_.variant == BamVariant::paper ? channel + spatial : channel * spatial;
  const auto gate = context.hook(*this, {MapKind::dense, Meaning::gate}, torch::sigmoid(scores));  // [N, C, H, W]
  return features + features * gate;
}

std::shared_ptr<torch::nn::Module> BamImpl::rebuilt() const {
  return std::make_shared<BamImpl>(channels_, options_);
}

}  // namespace fovea
