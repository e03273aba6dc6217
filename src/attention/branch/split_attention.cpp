#include <string>

#include <fovea/attention/branch/split_attention.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/internal/odd_kernel.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr std::int64_t kMinimumSplitWidth = 32;  // of the bottleneck

/// Bottleneck width of all branches together.
std::int64_t split_bottleneck_width(std::int64_t channels, const SplitAttentionOptions& options) {
  if (options.reduced_channels > 0) return options.radix * bottleneck_width(channels, options, "splat");
  const double exact = static_cast<double>(channels * options.radix) * (1.0 / options.reduction_ratio);
  return divisible_width(exact, options.divisor, kRoundLimit, kMinimumSplitWidth);
}

}  // namespace

void SplitAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("kernel_size", kernel_size, {1, 63}, "odd side of the convolution");
  fields.integer("radix", radix, {1, 64}, "number of branches; 1 gives a channel gate");
  fields.integer("groups", groups, {1, 1 << 16}, "independent groups of channels (cardinality)");
  fields.boolean("bias", bias, "bias of the convolution");
  fields.boolean("batch_norm", batch_norm, "batch norm behind the convolution and inside the bottleneck");
  visit_bottleneck(fields, *this);
  visit_activation(fields, "activation", activation, "non-linearity of branches and bottleneck");
}

SplitAttentionImpl::SplitAttentionImpl(const InsertionPoint& point, SplitAttentionOptions options)
    : SplitAttentionImpl(point.in.channels, point.out_channels, options, point.stride) {}

SplitAttentionImpl::SplitAttentionImpl(std::int64_t in_channels, std::int64_t out_channels, SplitAttentionOptions options,
                                       std::int64_t stride)
    : Mixer("SplitAttention"),
      in_channels_(expect_positive(in_channels, "SplitAttention: in_channels")),
      out_channels_(expect_positive(out_channels, "SplitAttention: out_channels")),
      options_(expect_in_range(options, "SplitAttention")),
      stride_(expect_positive(stride, "SplitAttention: stride")) {
  const std::int64_t padding = padding_of_odd_kernel(options.kernel_size, "splat: kernel_size");
  const std::int64_t reduced = split_bottleneck_width(in_channels, options);
  const std::int64_t branches = options.radix * out_channels;  // channels of all of them
  expect_divides(in_channels, options.groups * options.radix, "splat: groups x radix");
  expect_divides(out_channels, options.groups, "splat: groups");
  expect_divides(reduced, options.groups, "splat: groups (in the bottleneck)");
  const auto convolution = torch::nn::Conv2dOptions(in_channels, branches, options.kernel_size)
                               .stride(stride)
                               .padding(padding)
                               .groups(options.groups * options.radix)
                               .bias(options.bias);
  const auto pointwise = [&](std::int64_t in, std::int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1).groups(options.groups));
  };
  conv_ = register_module("conv", torch::nn::Conv2d(convolution));
  if (options.batch_norm) bn0_ = register_module("bn0", torch::nn::BatchNorm2d(branches));
  fc1_ = register_module("fc1", pointwise(out_channels, reduced));
  if (options.batch_norm) bn1_ = register_module("bn1", torch::nn::BatchNorm2d(reduced));
  fc2_ = register_module("fc2", pointwise(reduced, branches));
}

torch::Tensor SplitAttentionImpl::branch_factors(const torch::Tensor& scores, ForwardContext& context) const {
  const std::int64_t images = scores.size(0), radix = options_.radix;
  if (radix == 1) {
    const auto gate = torch::sigmoid(scores);  // [N, C, 1, 1]
    return context.hook(*this, {MapKind::channel, Meaning::gate}, gate).unsqueeze(1);
  }
  // Scores are ordered by group, then by branch.
  const auto weights =
      scores.view({images, options_.groups, radix, -1}).softmax(2).transpose(1, 2);  // [N, R, groups, C / groups]
  const auto hooked = context.hook(*this, {MapKind::branch, Meaning::weights}, weights.reshape({images, radix, -1}));
  return hooked.unsqueeze(-1).unsqueeze(-1);
}

torch::Tensor SplitAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, in_channels_);
  auto convolved = conv_(features);
  if (bn0_) convolved = bn0_(convolved);
  const auto branches =
      apply_activation(convolved, options_.activation).unflatten(1, {options_.radix, -1});  // [N, R, C, H, W]
  auto hidden = fc1_(branches.sum(1).mean({2, 3}, /*keepdim=*/true));                       // [N, reduced, 1, 1]
  if (bn1_) {
    expect_norm_fits(*this, *bn1_, hidden);
    hidden = bn1_(hidden);
  }
  return (branches * branch_factors(fc2_(apply_activation(hidden, options_.activation)), context)).sum(1);
}

std::shared_ptr<torch::nn::Module> SplitAttentionImpl::rebuilt() const {
  return std::make_shared<SplitAttentionImpl>(in_channels_, out_channels_, options_, stride_);
}

}  // namespace fovea
