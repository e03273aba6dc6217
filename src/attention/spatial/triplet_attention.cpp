#include <fovea/attention/internal/odd_kernel.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/spatial/triplet_attention.h>
#include <fovea/options/check.h>

namespace fovea {

void TripletAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("kernel_size", kernel_size, {1, 63}, "odd side of the convolutions");
  fields.boolean("spatial", spatial, "gate over rows and columns, beside the two that involve channels");
}

TripletPlaneImpl::TripletPlaneImpl(std::int64_t kernel_size) : CloneableModule("TripletPlane"), kernel_size_(kernel_size) {
  const auto padding = padding_of_odd_kernel(kernel_size, "triplet: kernel_size");
  const auto convolution = torch::nn::Conv2dOptions(2, 1, kernel_size).padding(padding);
  conv_ = register_module("conv", std::make_shared<ConvolutionNormImpl>(convolution, /*momentum=*/0.01));
}

torch::Tensor TripletPlaneImpl::forward(const torch::Tensor& features) {
  expect_features(*this, features);
  const auto planes = torch::cat({features.amax(1, /*keepdim=*/true), features.mean(1, /*keepdim=*/true)}, 1);
  return torch::sigmoid(conv_->forward(planes));
}

std::shared_ptr<torch::nn::Module> TripletPlaneImpl::rebuilt() const {
  return std::make_shared<TripletPlaneImpl>(kernel_size_);
}

TripletAttentionImpl::TripletAttentionImpl(std::int64_t channels, TripletAttentionOptions options)
    : Gate("TripletAttention"),
      channels_(expect_positive(channels, "TripletAttention: channels")),
      options_(expect_in_range(options, "TripletAttention")) {
  cw_ = register_module("cw", std::make_shared<TripletPlaneImpl>(options.kernel_size));
  hc_ = register_module("hc", std::make_shared<TripletPlaneImpl>(options.kernel_size));
  if (options.spatial) hw_ = register_module("hw", std::make_shared<TripletPlaneImpl>(options.kernel_size));
}

torch::Tensor TripletAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto dense = [&](const TripletPlaneImpl& plane, const torch::Tensor& gate) {
    return context.hook(plane, {MapKind::dense, Meaning::gate}, gate.expand_as(features));
  };
  const auto cw = dense(*cw_, cw_->forward(features.transpose(1, 2)).transpose(1, 2));  // [N, C, 1, W] from [N, H, C, W]
  const auto hc = dense(*hc_, hc_->forward(features.transpose(1, 3)).transpose(1, 3));  // [N, C, H, 1] from [N, W, H, C]
  if (!hw_) return features * ((cw + hc) / 2);
  const auto hw = context.hook(*hw_, {MapKind::spatial, Meaning::gate}, hw_->forward(features));  // [N, 1, H, W]
  return features * ((cw + hc + hw) / 3);
}

std::shared_ptr<torch::nn::Module> TripletAttentionImpl::rebuilt() const {
  return std::make_shared<TripletAttentionImpl>(channels_, options_);
}

}  // namespace fovea
