#include <tuple>
#include <vector>

#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/self/bilinear_attention.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/nn/dropout.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

std::shared_ptr<ConvolutionNormImpl> pointwise_norm(std::int64_t in, std::int64_t out) {
  return std::make_shared<ConvolutionNormImpl>(torch::nn::Conv2dOptions(in, out, 1));
}

/// Replaces each of b bands of rows by a weighted sum of all of them. @param weights [N, groups, b, b], [to, from].
/// @param features [N, C, H, W].
torch::Tensor mix_rows(const torch::Tensor& weights, const torch::Tensor& features) {
  const std::int64_t groups = weights.size(1), bands = weights.size(2);
  const auto split = features.unflatten(2, {bands, -1}).unflatten(1, {groups, -1});  // [N, g, C / g, b, H / b, W]
  const auto band_first = split.transpose(2, 3);                                     // [N, g, b, C / g, H / b, W]
  const auto mixed = torch::matmul(weights, band_first.flatten(3)).view(band_first.sizes());
  return mixed.transpose(2, 3).reshape(features.sizes());
}

}  // namespace

void BilinearAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("block_size", block_size, {1, 1024},
                 "number of bands along each axis; height and width are multiples of it");
  fields.integer("groups", groups, {1, 1 << 16}, "groups of channels, each with its own matrices");
  visit_bottleneck(fields, *this);
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a channel of the correction, in training");
  visit_activation(fields, "activation", activation, "non-linearity behind every norm");
}

BilinearTransformImpl::BilinearTransformImpl(std::int64_t channels, BilinearAttentionOptions options)
    : ContextModule("BilinearTransform"),
      channels_(expect_positive(channels, "BilinearTransform: channels")),
      options_(expect_in_range(options, "BilinearTransform")) {
  const std::int64_t bands = options.block_size, groups = options.groups;
  const std::int64_t entries = bands * bands * groups;  // of all matrices of one image
  conv1_ = register_module("conv1", pointwise_norm(channels, groups));
  conv_p_ = register_module("conv_p", torch::nn::Conv2d(torch::nn::Conv2dOptions(groups, entries, {bands, 1})));
  conv_q_ = register_module("conv_q", torch::nn::Conv2d(torch::nn::Conv2dOptions(groups, entries, {1, bands})));
  conv2_ = register_module("conv2", pointwise_norm(channels, channels));
}

torch::Tensor BilinearTransformImpl::forward(const torch::Tensor& features, ContextArgument context) {
  const std::int64_t bands = options_.block_size;
  const auto summary = apply_activation(conv1_->forward(features), options_.activation);  // [N, groups, H, W]
  const auto matrices = [&](const torch::Tensor& predicted) {
    return torch::log_sigmoid(predicted.view({features.size(0), options_.groups, bands, bands}));
  };
  const auto p = matrices(conv_p_(std::get<0>(torch::adaptive_max_pool2d(summary, {bands, 1}))));
  const auto q = matrices(conv_q_(std::get<0>(torch::adaptive_max_pool2d(summary, {1, bands}))));
  // Division of sigmoids by their sum, as a softmax of their logarithms: stable where every sigmoid is tiny.
  const auto weights_of = [&](const torch::Tensor& logarithms, const std::vector<std::int64_t>& grid) {
    const HookedTensor about{MapKind::pairwise, Meaning::weights, grid, grid};
    return context.of(*this).hook(*this, about, logarithms.softmax(3));
  };
  const auto mixed = mix_rows(weights_of(p, {bands, 1}), features);
  const auto mixed_twice = mix_rows(weights_of(q.transpose(2, 3), {1, bands}), mixed.transpose(2, 3));
  return apply_activation(conv2_->forward(mixed_twice.transpose(2, 3)), options_.activation);
}

std::shared_ptr<torch::nn::Module> BilinearTransformImpl::rebuilt() const {
  return std::make_shared<BilinearTransformImpl>(channels_, options_);
}

BilinearAttentionImpl::BilinearAttentionImpl(std::int64_t channels, BilinearAttentionOptions options)
    : BilinearAttentionImpl(InsertionPoint{.kind = InsertionKind::block, .in = {channels}}, options) {}

BilinearAttentionImpl::BilinearAttentionImpl(const InsertionPoint& point, BilinearAttentionOptions options)
    : Gate("BilinearAttention"),
      point_(expect_channels(point, "BilinearAttention")),
      options_(expect_in_range(options, "BilinearAttention")) {
  const std::int64_t channels = point.in.channels;
  const std::int64_t reduced = bottleneck_width(channels, options, "bat", kRoundLimit);
  expect_divides(reduced, options.groups, "bat: groups");
  conv1_ = register_module("conv1", pointwise_norm(channels, reduced));
  ba_ = register_module("ba", std::make_shared<BilinearTransformImpl>(reduced, options));
  conv2_ = register_module("conv2", pointwise_norm(reduced, channels));
}

torch::Tensor BilinearAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_blocks(*this, features, point_.in.channels, options_.block_size);
  const auto transformed = ba_->forward(apply_activation(conv1_->forward(features), options_.activation), context);
  const auto correction = apply_activation(conv2_->forward(transformed), options_.activation);
  if (!is_training() || options_.dropout == 0) return correction + features;
  const auto mask =
      dropout_mask({features.size(0), point_.in.channels, 1, 1}, options_.dropout,
                   context.random.child(point_.path).child("dropout"), features.options().requires_grad(false));
  return torch::addcmul(features, correction, mask);
}

std::shared_ptr<torch::nn::Module> BilinearAttentionImpl::rebuilt() const {
  return std::make_shared<BilinearAttentionImpl>(point_, options_);
}

}  // namespace fovea
