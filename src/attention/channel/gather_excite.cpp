#include <string>

#include <fovea/attention/channel/gather_excite.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/internal/squeeze.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

void expect_consistent_gather_excite(const GatherExciteOptions& options) {
  const GatherExciteOptions defaults;
  const std::int64_t extent = options.extent;
  if (extent == 1) throw InputError("ge: extent", "0 or at least 2", "1", "an extent of 1 gathers single positions");
  if (options.extra_params && (extent & (extent - 1)) != 0) {
    throw InputError("ge: extent", "0 or a power of two beside extra_params", std::to_string(extent));
  }
  if (options.extra_params && options.max_pool) {
    throw InputError("ge: max_pool", "false beside extra_params, which gathers with convolutions", "true");
  }
  const bool shapes_mlp = options.reduction_ratio != defaults.reduction_ratio || options.divisor != defaults.divisor ||
                          options.reduced_channels != defaults.reduced_channels;
  if (!options.mlp && shapes_mlp) {
    throw InputError("ge: mlp", "true beside reduction_ratio, reduced_channels or divisor", "false");
  }
  const bool activates = options.mlp || (options.extra_params && extent > 2);
  if (!activates && options.activation != defaults.activation) {
    throw InputError("ge: activation", "mlp, or extra_params with an extent above 2, beside it", "neither");
  }
}

}  // namespace

void GatherExciteOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("extent", extent, {0, 1024}, "side of the gathered neighbourhood, in positions; 0 = the whole map");
  fields.boolean("extra_params", extra_params, "gather with depthwise convolutions instead of averaging");
  fields.boolean("mlp", mlp, "bottleneck over the channels between gathering and exciting");
  visit_bottleneck(fields, *this);
  fields.boolean("max_pool", max_pool, "gather the mean of average and maximum");
  visit_activation(fields, "activation", activation, "non-linearity in the bottleneck and between depthwise convolutions");
  visit_gate_function(fields, gate);
}

DepthwiseGatherImpl::DepthwiseGatherImpl(const FeatureShape& in, std::int64_t extent, Activation activation)
    : CloneableModule("DepthwiseGather"), in_(in), extent_(extent), activation_(activation) {
  const auto add = [&](torch::nn::Conv2dOptions convolution) {
    const std::string number = std::to_string(convolutions_.size() + 1);
    convolution.groups(in.channels).bias(false);
    convolutions_.push_back(register_module("conv" + number, torch::nn::Conv2d(convolution)));
    norms_.push_back(register_module("norm" + number, torch::nn::BatchNorm2d(in.channels)));
  };
  if (extent == 0) add(torch::nn::Conv2dOptions(in.channels, in.channels, {in.height, in.width}));
  for (std::int64_t side = 1; side < extent; side *= 2) {
    add(torch::nn::Conv2dOptions(in.channels, in.channels, 3).stride(2).padding(1));
  }
}

torch::Tensor DepthwiseGatherImpl::forward(const torch::Tensor& features) {
  auto gathered = features;
  for (std::size_t i = 0; i < convolutions_.size(); ++i) {
    if (i > 0) gathered = apply_activation(gathered, activation_);
    gathered = convolutions_[i](gathered);
    expect_norm_fits(*this, *norms_[i], gathered);
    gathered = norms_[i](gathered);
  }
  return gathered;
}

std::shared_ptr<torch::nn::Module> DepthwiseGatherImpl::rebuilt() const {
  return std::make_shared<DepthwiseGatherImpl>(in_, extent_, activation_);
}

GatherExciteImpl::GatherExciteImpl(std::int64_t channels, GatherExciteOptions options)
    : GatherExciteImpl(FeatureShape{channels, 0, 0}, options) {}

GatherExciteImpl::GatherExciteImpl(const FeatureShape& in, GatherExciteOptions options)
    : Gate("GatherExcite"), in_(in), options_(expect_in_range(options, "GatherExcite")) {
  expect_positive(in.channels, "GatherExcite: channels");
  expect_consistent_gather_excite(options);
  if (fixes_size() && (in.height < 1 || in.width < 1)) {
    throw InputError("ge: extent", "at least 2 beside extra_params without a height and width", "0",
                     "build it from a FeatureShape");
  }
  if (options.extra_params) {
    gather_ = register_module("gather", std::make_shared<DepthwiseGatherImpl>(in, options.extent, options.activation));
  }
  if (options.mlp) {
    const std::int64_t hidden = bottleneck_width(in.channels, options, "ge");
    mlp_ =
        register_module("mlp", std::make_shared<PointwiseMlpImpl>(in.channels, hidden, options.activation, /*norm=*/false));
  }
}

torch::Tensor GatherExciteImpl::gathered(const torch::Tensor& features) {
  if (gather_) return gather_->forward(features);
  const std::int64_t extent = options_.extent;
  if (extent == 0) return squeeze_channels(features, options_.max_pool);
  const std::int64_t window = 2 * extent - 1;
  const std::int64_t padding = extent - 1;
  const auto average =
      torch::avg_pool2d(features, window, extent, padding, /*ceil_mode=*/false, /*count_include_pad=*/false);
  return options_.max_pool ? 0.5 * average + 0.5 * torch::max_pool2d(features, window, extent, padding) : average;
}

torch::Tensor GatherExciteImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  namespace functional = torch::nn::functional;
  expect_features(*this, features, in_.channels);
  if (fixes_size()) expect_shape(*this, features, in_, "its convolution over the whole map is for that height and width");
  auto scores = gathered(features);
  if (mlp_) scores = mlp_->forward(scores);
  if (options_.extent == 0) {
    const auto gate = gate_values(scores, options_.gate);  // [N, C, 1, 1]
    return features * context.hook(*this, {MapKind::channel, Meaning::gate}, gate);
  }
  const std::vector<std::int64_t> size{features.size(2), features.size(3)};
  scores = functional::interpolate(scores, functional::InterpolateFuncOptions().size(size).mode(torch::kNearest));
  const auto gate = gate_values(scores, options_.gate);  // [N, C, H, W]
  return features * context.hook(*this, {MapKind::dense, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> GatherExciteImpl::rebuilt() const {
  return std::make_shared<GatherExciteImpl>(in_, options_);
}

}  // namespace fovea
