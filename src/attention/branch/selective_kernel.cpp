#include <algorithm>
#include <string>
#include <utility>

#include <fovea/attention/branch/selective_kernel.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/internal/odd_kernel.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {

void SelectiveKernelOptions::visit_fields(FieldVisitor& fields) {
  fields.integers("kernel_sizes", kernel_sizes, {3, 63}, {1, 8}, "odd side of each branch's convolution");
  fields.boolean("keep_3x3", keep_3x3, "replace larger kernels by dilated 3 x 3 ones with the same receptive field");
  fields.boolean("split_input", split_input,
                 "split the input channels among the branches instead of giving each all of them");
  fields.integer("dilation", dilation, {1, 64}, "dilation of every branch");
  fields.integer("groups", groups, {1, 1 << 16}, "groups of every branch");
  visit_bottleneck(fields, *this);
  visit_activation(fields, "activation", activation, "non-linearity of the branches");
}

BranchSelectionImpl::BranchSelectionImpl(std::int64_t channels, std::int64_t branches, std::int64_t reduced)
    : ContextModule("BranchSelection"), channels_(channels), branches_(branches), reduced_(reduced) {
  const auto reduce = torch::nn::Conv2dOptions(channels, reduced, 1).bias(false);
  const auto select = torch::nn::Conv2dOptions(reduced, channels * branches, 1).bias(false);
  fc_reduce_ = register_module("fc_reduce", torch::nn::Conv2d(reduce));
  bn_ = register_module("bn", torch::nn::BatchNorm2d(reduced));
  fc_select_ = register_module("fc_select", torch::nn::Conv2d(select));
}

torch::Tensor BranchSelectionImpl::forward(const torch::Tensor& branches, ContextArgument context) {
  const auto squeezed = branches.sum(1).mean({2, 3}, /*keepdim=*/true);  // [N, C, 1, 1]
  const auto reduced = fc_reduce_(squeezed);
  expect_norm_fits(*this, *bn_, reduced);
  const auto scores = fc_select_(torch::relu(bn_(reduced)));                              // [N, B C, 1, 1]
  const auto weights = scores.view({branches.size(0), branches.size(1), -1}).softmax(1);  // [N, B, C]
  const auto hooked = context.of(*this).hook(*this, {MapKind::branch, Meaning::weights}, weights);
  return hooked.unsqueeze(-1).unsqueeze(-1);
}

std::shared_ptr<torch::nn::Module> BranchSelectionImpl::rebuilt() const {
  return std::make_shared<BranchSelectionImpl>(channels_, branches_, reduced_);
}

SelectiveKernelImpl::SelectiveKernelImpl(const InsertionPoint& point, SelectiveKernelOptions options)
    : SelectiveKernelImpl(point.in.channels, point.out_channels, std::move(options), point.stride) {}

SelectiveKernelImpl::SelectiveKernelImpl(std::int64_t in_channels, std::int64_t out_channels, SelectiveKernelOptions options,
                                         std::int64_t stride)
    : Mixer("SelectiveKernel"),
      in_channels_(expect_positive(in_channels, "SelectiveKernel: in_channels")),
      out_channels_(expect_positive(out_channels, "SelectiveKernel: out_channels")),
      options_(expect_in_range(options, "SelectiveKernel")),
      stride_(expect_positive(stride, "SelectiveKernel: stride")) {
  const auto branches = static_cast<std::int64_t>(options.kernel_sizes.size());
  const std::int64_t seen = options.split_input ? channels_per_head(in_channels, branches, "sk: kernel_sizes") : in_channels;
  const std::int64_t groups = std::min(out_channels, options.groups);
  expect_divides(seen, groups, "sk: groups");
  expect_divides(out_channels, groups, "sk: groups");
  torch::nn::ModuleList paths;
  for (const std::int64_t size : options.kernel_sizes) {
    expect_odd(size, "sk: kernel_sizes", "odd numbers");
    const std::int64_t reach = options.dilation * (size - 1) / 2;  // of the kernel, from its centre
    const std::int64_t side = options.keep_3x3 ? 3 : size;
    const auto convolution = torch::nn::Conv2dOptions(seen, out_channels, side)
                                 .stride(stride)
                                 .padding(reach)
                                 .dilation(2 * reach / (side - 1))
                                 .groups(groups);
    paths_.push_back(std::make_shared<ConvolutionNormImpl>(convolution));
    paths->push_back(paths_.back());
  }
  register_module("paths", paths);
  const std::int64_t reduced = bottleneck_width(out_channels, options, "sk", kRoundLimit);
  attn_ = register_module("attn", std::make_shared<BranchSelectionImpl>(out_channels, branches, reduced));
}

torch::Tensor SelectiveKernelImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, in_channels_);
  const auto branches = static_cast<std::int64_t>(paths_.size());
  const auto seen = options_.split_input ? features.chunk(branches, 1) : std::vector<torch::Tensor>(paths_.size(), features);
  std::vector<torch::Tensor> results;
  for (std::size_t i = 0; i < paths_.size(); ++i)
    results.push_back(apply_activation(paths_[i]->forward(seen[i]), options_.activation));
  const auto stacked = torch::stack(results, 1);  // [N, B, C, H, W]
  return (stacked * attn_->forward(stacked, context)).sum(1);
}

std::shared_ptr<torch::nn::Module> SelectiveKernelImpl::rebuilt() const {
  return std::make_shared<SelectiveKernelImpl>(in_channels_, out_channels_, options_, stride_);
}

}  // namespace fovea
