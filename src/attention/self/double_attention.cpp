#include <algorithm>

#include <fovea/attention/positions.h>
#include <fovea/attention/self/double_attention.h>
#include <fovea/attention/self/grid_heads.h>

namespace fovea {

void DoubleAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("feature_channels", feature_channels, {0, 1 << 16},
                 "width of what is gathered (c_m); 0 is a quarter of the channels that arrive");
  fields.integer("descriptors", descriptors, {0, 1 << 16},
                 "how many vectors are gathered (c_n); 0 is a quarter of the channels that arrive");
}

DoubleAttentionImpl::DoubleAttentionImpl(const InsertionPoint& point, const DoubleAttentionOptions& options)
    : Mixer("DoubleAttention"), channels_(point.in.channels), stride_(point.stride) {
  const auto or_quarter = [&](std::int64_t width) { return width > 0 ? width : std::max<std::int64_t>(1, channels_ / 4); };
  const std::int64_t width = or_quarter(options.feature_channels), descriptors = or_quarter(options.descriptors);
  const auto pointwise = [](std::int64_t in, std::int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1));
  };
  conv_a_ = register_module("convA", pointwise(channels_, width));
  conv_b_ = register_module("convB", pointwise(channels_, descriptors));
  conv_v_ = register_module("convV", pointwise(channels_, descriptors));
  conv_reconstruct_ = register_module("conv_reconstruct", pointwise(width, point.out_channels));
}

torch::Tensor DoubleAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const std::int64_t height = features.size(2), width = features.size(3);
  const auto positions = conv_a_(features).flatten(2).transpose(1, 2);                       // [N, H W, c_m]
  const auto gather = conv_b_(features).flatten(2).softmax(2).unsqueeze(1);                  // [N, 1, c_n, H W]
  const auto choose = conv_v_(features).flatten(2).softmax(1).transpose(1, 2).unsqueeze(1);  // [N, 1, H W, c_n]
  const HookedTensor gathers{MapKind::pairwise, Meaning::weights, {}, {height, width}};
  const HookedTensor matches{MapKind::pairwise, Meaning::weights, {height, width}, {}};
  const auto descriptors = torch::bmm(context.hook(*this, gathers, gather).squeeze(1), positions);  // [N, c_n, c_m]
  const auto chosen = torch::bmm(context.hook(*this, matches, choose).squeeze(1), descriptors);     // [N, H W, c_m]
  return conv_reconstruct_(thinned(to_grid(chosen, height, width), stride_));
}

}  // namespace fovea
