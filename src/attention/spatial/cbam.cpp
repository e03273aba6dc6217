#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/internal/odd_kernel.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/cbam.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

std::int64_t cbam_width(std::int64_t channels, const CbamOptions& options) {
  if (options.variant == CbamVariant::timm || options.reduced_channels > 0) {
    return bottleneck_width(channels, options, "cbam");
  }
  return floored_width(channels, options.reduction_ratio);
}

/// @return the options. @param where names the module in messages.
const CbamOptions& expect_cbam_options(const CbamOptions& options, const char* where) {
  expect_in_range(options, where);
  if (options.variant == CbamVariant::timm) return options;
  const CbamOptions defaults;
  if (options.divisor != defaults.divisor || options.bias) {
    const std::string variant = options.variant == CbamVariant::official ? "official" : "paper";
    throw InputError("cbam: variant", "no divisor and no bias beside " + variant, options.bias ? "bias" : "divisor",
                     variant + " rounds the width down and has biases");
  }
  return options;
}

std::vector<CbamPool> cbam_pools(const std::vector<std::string>& names) {
  const std::string expected = "some of avg, max, lp and lse";
  if (names.empty()) throw InputError("cbam: pools", expected, "none");
  std::vector<CbamPool> pools;
  for (const std::string& name : names) {
    if (name == "avg") {
      pools.push_back(CbamPool::average);
    } else if (name == "max") {
      pools.push_back(CbamPool::maximum);
    } else if (name == "lp") {
      pools.push_back(CbamPool::norm);
    } else if (name == "lse") {
      pools.push_back(CbamPool::log_sum_exp);
    } else {
      throw InputError("cbam: pools", expected, "'" + name + "'");
    }
  }
  return pools;
}

/// [N, C, H, W] -> [N, C, 1, 1].
torch::Tensor cbam_pooled(const torch::Tensor& features, CbamPool pool) {
  switch (pool) {
    case CbamPool::maximum:
      return features.amax({2, 3}, /*keepdim=*/true);
    case CbamPool::norm:
      return features.norm(2, {2, 3}, /*keepdim=*/true);
    case CbamPool::log_sum_exp:
      return features.logsumexp({2, 3}, /*keepdim=*/true);
    case CbamPool::average:
      break;
  }
  return features.mean({2, 3}, /*keepdim=*/true);
}

}  // namespace

void CbamOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("variant", variant,
                {{"timm", CbamVariant::timm}, {"official", CbamVariant::official}, {"paper", CbamVariant::paper}},
                "planes and batch norm of the spatial gate, biases and rounding as in timm, the authors' code or the paper");
  visit_bottleneck(fields, *this);
  fields.integer("kernel_size", kernel_size, {1, 63}, "odd side of the spatial convolution");
  fields.boolean("bias", bias, "timm: biases in the channel bottleneck; the others always have them");
  fields.texts("pools", pools, "poolings of each channel for the channel gate: avg, max, lp, lse");
  visit_activation(fields, "activation", activation, "non-linearity inside the channel bottleneck");
  visit_gate_function(fields, gate);
}

CbamChannelGateImpl::CbamChannelGateImpl(std::int64_t channels, CbamOptions options)
    : BottleneckGate("CbamChannelGate", expect_positive(channels, "CbamChannelGate: channels"),
                     cbam_width(channels, expect_cbam_options(options, "CbamChannelGate")),
                     options.bias || options.variant != CbamVariant::timm, options.activation),
      channels_(channels),
      options_(options),
      pools_(cbam_pools(options.pools)) {}

torch::Tensor CbamChannelGateImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  torch::Tensor sum;  // [N, C, 1, 1]
  for (const CbamPool pool : pools_) {
    const auto added = scores(cbam_pooled(features, pool));
    sum = sum.defined() ? sum + added : added;
  }
  return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate_values(sum, options_.gate));
}

std::shared_ptr<torch::nn::Module> CbamChannelGateImpl::rebuilt() const {
  return std::make_shared<CbamChannelGateImpl>(channels_, options_);
}

CbamSpatialGateImpl::CbamSpatialGateImpl(CbamOptions options)
    : Gate("CbamSpatialGate"), options_(expect_cbam_options(options, "CbamSpatialGate")) {
  const auto padding = padding_of_odd_kernel(options.kernel_size, "cbam: kernel_size");
  const auto convolution = torch::nn::Conv2dOptions(2, 1, options.kernel_size).padding(padding);
  if (options.variant == CbamVariant::paper) {
    plain_conv_ = register_module("conv", torch::nn::Conv2d(convolution));
    return;
  }
  const double momentum = options.variant == CbamVariant::official ? 0.01 : 0.1;
  conv_ = register_module("conv", std::make_shared<ConvolutionNormImpl>(convolution, momentum));
  initialise(construction_stream());
}

void CbamSpatialGateImpl::initialise(const RandomStream&) {
  if (options_.variant != CbamVariant::official) return;
  const torch::NoGradGuard no_grad;
  named_parameters()["conv.bn.weight"].zero_();
}

torch::Tensor CbamSpatialGateImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features);
  const auto average = features.mean(1, /*keepdim=*/true);  // [N, 1, H, W]
  const auto maximum = features.amax(1, /*keepdim=*/true);  // [N, 1, H, W]
  const bool maximum_first = options_.variant == CbamVariant::official;
  const auto planes = maximum_first ? torch::cat({maximum, average}, 1) : torch::cat({average, maximum}, 1);
  const auto scores = plain_conv_ ? plain_conv_(planes) : conv_->forward(planes);  // [N, 1, H, W]
  const auto gate = gate_values(scores, options_.gate);
  return features * context.hook(*this, {MapKind::spatial, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> CbamSpatialGateImpl::rebuilt() const {
  return std::make_shared<CbamSpatialGateImpl>(options_);
}

CbamImpl::CbamImpl(std::int64_t channels, CbamOptions options)
    : Gate("Cbam"), channels_(expect_positive(channels, "Cbam: channels")), options_(expect_cbam_options(options, "Cbam")) {
  channel_ = register_module("channel", std::make_shared<CbamChannelGateImpl>(channels, options));
  spatial_ = register_module("spatial", std::make_shared<CbamSpatialGateImpl>(options));
}

torch::Tensor CbamImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  return spatial_->forward(channel_->forward(features, context), context);
}

std::vector<KeyMapping> CbamImpl::key_mappings() const {
  if (options_.variant == CbamVariant::paper) return {};  // no other library has it
  const std::string planes = "spatial.conv.conv.weight";
  const bool swaps_planes = options_.variant == CbamVariant::timm;
  KeyMapping official{
      "official",
      {{planes, {"SpatialGate.spatial.conv.weight", {}, swaps_planes}}, {"spatial.conv.bn", {"SpatialGate.spatial.bn"}}},
      "cbam"};
  for (const auto& [own, linear] : {std::pair("channel.fc1", "ChannelGate.mlp.1"), {"channel.fc2", "ChannelGate.mlp.3"}}) {
    const torch::Tensor weight = named_parameters()[std::string(own) + ".weight"];  // [out, in, 1, 1]
    const std::string bias = ".bias";
    official.keys[own] = {linear};
    official.keys[std::string(own) + ".weight"] = {std::string(linear) + ".weight", {weight.size(0), weight.size(1)}};
    if (!named_parameters().contains(own + bias)) official.zeros[linear + bias] = {weight.size(0)};
  }
  if (options_.variant == CbamVariant::timm) return {official};
  return {official, {"timm", {{planes, {planes, {}, /*swaps_planes=*/true}}}}};
}

std::shared_ptr<torch::nn::Module> CbamImpl::rebuilt() const {
  return std::make_shared<CbamImpl>(channels_, options_);
}

}  // namespace fovea
