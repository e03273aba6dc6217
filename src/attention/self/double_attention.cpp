#include <algorithm>

#include <fovea/attention/positions.h>
#include <fovea/attention/self/double_attention.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/options/check.h>

namespace fovea {

void DoubleAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("feature_channels", feature_channels, {0, 1 << 16},
                 "width of a descriptor (c_m); 0 is a quarter of the input channels");
  fields.integer("descriptors", descriptors, {0, 1 << 16},
                 "number of descriptors (c_n); 0 is a quarter of the input channels");
}

DoubleAttentionImpl::DoubleAttentionImpl(std::int64_t in_channels, std::int64_t out_channels, DoubleAttentionOptions options)
    : DoubleAttentionImpl(InsertionPoint{.kind = InsertionKind::conv, .in = {in_channels}, .out_channels = out_channels},
                          options) {}

DoubleAttentionImpl::DoubleAttentionImpl(const InsertionPoint& point, DoubleAttentionOptions options)
    : Mixer("DoubleAttention"),
      point_(expect_mixer_channels(point, "DoubleAttention")),
      options_(expect_in_range(options, "DoubleAttention")) {
  const std::int64_t channels = point.in.channels;
  const auto or_quarter = [&](std::int64_t width) { return width > 0 ? width : std::max<std::int64_t>(1, channels / 4); };
  const std::int64_t width = or_quarter(options.feature_channels), descriptors = or_quarter(options.descriptors);
  const auto pointwise = [](std::int64_t in, std::int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1));
  };
  conv_a_ = register_module("convA", pointwise(channels, width));
  conv_b_ = register_module("convB", pointwise(channels, descriptors));
  conv_v_ = register_module("convV", pointwise(channels, descriptors));
  conv_reconstruct_ = register_module("conv_reconstruct", pointwise(width, point.out_channels));
}

torch::Tensor DoubleAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, point_.in.channels);
  const std::int64_t height = features.size(2), width = features.size(3);
  const auto positions = conv_a_(features).flatten(2).transpose(1, 2);                           // [N, H W, c_m]
  const auto gather = conv_b_(features).flatten(2).softmax(2).unsqueeze(1);                      // [N, 1, c_n, H W]
  const auto distribute = conv_v_(features).flatten(2).softmax(1).transpose(1, 2).unsqueeze(1);  // [N, 1, H W, c_n]
  const HookedTensor gathering{MapKind::pairwise, Meaning::weights, {}, {height, width}};
  const HookedTensor distributing{MapKind::pairwise, Meaning::weights, {height, width}, {}};
  const auto descriptors = torch::bmm(context.hook(*this, gathering, gather).squeeze(1), positions);  // [N, c_n, c_m]
  const auto distributed =
      torch::bmm(context.hook(*this, distributing, distribute).squeeze(1), descriptors);  // [N, H W, c_m]
  return conv_reconstruct_(average_strided(to_grid(distributed, height, width), point_.stride));
}

std::shared_ptr<torch::nn::Module> DoubleAttentionImpl::rebuilt() const {
  return std::make_shared<DoubleAttentionImpl>(point_, options_);
}

}  // namespace fovea
