#include <fovea/attention/positions.h>
#include <fovea/attention/warp/affine_sampling.h>
#include <fovea/attention/warp/spatial_transformer.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr std::int64_t kHiddenInputSide = 4;  // of the pooled map

/// Passes the window of an affine transform to the hooks. @param map [N, 2, 3]. @return the transform with the window that
/// they return.
torch::Tensor hook_window(const torch::nn::Module& module, const torch::Tensor& map, ForwardContext& context) {
  const auto entry = [&](std::int64_t row, std::int64_t column) { return map.select(1, row).select(1, column); };
  auto window = torch::stack({entry(0, 2), entry(1, 2), entry(0, 0), entry(1, 1)}, 1).view({-1, 1, 1, 4});
  window = context.hook(module, {MapKind::windows, Meaning::signed_}, window).flatten(1);  // [N, 4]
  const auto x = window.select(1, 0), y = window.select(1, 1);
  const auto half_width = window.select(1, 2), half_height = window.select(1, 3);
  return torch::stack({half_width, entry(0, 1), x, entry(1, 0), half_height, y}, 1).view({-1, 2, 3});
}

}  // namespace

void SpatialTransformerOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("transform", transform, {{"affine", WarpTransform::affine}, {"attention", WarpTransform::attention}},
                "affine: any affine transform; attention: a crop with one scale and a translation");
  fields.integer("height", height, {0, 1 << 16}, "height of the output; 0 = as the input");
  fields.integer("width", width, {0, 1 << 16}, "width of the output; 0 = as the input");
  fields.boolean("align_corners", align_corners,
                 "-1 and 1 in theta are the centres of the outer positions instead of their outer edges");
  fields.integer("channels", channels, {1, 1 << 12}, "channels of the localisation network's convolutions");
  fields.integer("hidden", hidden, {1, 1 << 16}, "width of the localisation network's hidden layer");
}

SpatialTransformerImpl::SpatialTransformerImpl(const FeatureShape& in, SpatialTransformerOptions options)
    : Warp("SpatialTransformer"), in_(in), options_(expect_in_range(options, "SpatialTransformer")) {
  expect_positive(in.channels, "SpatialTransformer: channels");
  auto loc = register_module("loc", torch::nn::ModuleDict());
  const auto convolution = [&](std::int64_t channels) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, options.channels, 5).stride(2).padding(2));
  };
  conv1_ = convolution(in.channels);
  conv2_ = convolution(options.channels);
  fc1_ = torch::nn::Linear(options.channels * kHiddenInputSide * kHiddenInputSide, options.hidden);
  fc2_ = torch::nn::Linear(options.hidden, options.transform == WarpTransform::affine ? 6 : 3);
  loc->update({{"conv1", conv1_.ptr()}, {"conv2", conv2_.ptr()}, {"fc1", fc1_.ptr()}, {"fc2", fc2_.ptr()}});
  initialise(construction_stream());
}

SpatialTransformerImpl::SpatialTransformerImpl(const InsertionPoint& point, SpatialTransformerOptions options)
    : SpatialTransformerImpl(point.in, options) {}

torch::Tensor SpatialTransformerImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, in_.channels);
  const FeatureShape in{in_.channels, features.size(2), features.size(3)};
  const bool align_corners = options_.align_corners;
  const FeatureShape out = output_shape(in);
  const auto predicted = theta(features);
  const auto to_edges = corners_to_edges(in, out, predicted.options());
  const auto map = hook_window(*this, align_corners ? predicted * to_edges : predicted, context);  // align_corners=False
  context.theta = compose_affine(context.theta, map.detach());
  const auto grid = sampling_grid(align_corners ? map / to_edges : map, out.height, out.width, align_corners);
  return sample_bilinear(features, grid, align_corners);
}

FeatureShape SpatialTransformerImpl::output_shape(const FeatureShape& in) const {
  return {in.channels, options_.height > 0 ? options_.height : in.height, options_.width > 0 ? options_.width : in.width};
}

torch::Tensor SpatialTransformerImpl::theta(const torch::Tensor& features) {
  const auto seen = torch::relu(conv2_(torch::relu(conv1_(features))));
  const auto means = torch::adaptive_avg_pool2d(seen, {kHiddenInputSide, kHiddenInputSide}).flatten(1);
  const auto numbers = fc2_(torch::tanh(fc1_(means)));
  if (options_.transform == WarpTransform::affine) return numbers.view({-1, 2, 3});
  const auto scale = numbers.select(1, 0), x = numbers.select(1, 1), y = numbers.select(1, 2);
  const auto zero = torch::zeros_like(scale);
  return torch::stack({scale, zero, x, zero, scale, y}, 1).view({-1, 2, 3});
}

void SpatialTransformerImpl::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  fc2_->weight.zero_();
  const std::vector<float> identity =
      options_.transform == WarpTransform::affine ? std::vector<float>{1, 0, 0, 0, 1, 0} : std::vector<float>{1, 0, 0};
  fc2_->bias.copy_(torch::tensor(identity));
}

std::shared_ptr<torch::nn::Module> SpatialTransformerImpl::rebuilt() const {
  return std::make_shared<SpatialTransformerImpl>(in_, options_);
}

}  // namespace fovea
