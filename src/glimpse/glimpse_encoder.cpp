#include <string>

#include <fovea/base/error.h>
#include <fovea/glimpse/glimpse_encoder.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

torch::nn::Conv2d encoder_convolution(std::int64_t in, std::int64_t out) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).padding(1));
}

}  // namespace

GlimpseEncoder::GlimpseEncoder(std::int64_t features, std::int64_t width) {
  expect_positive(features, "GlimpseEncoder: features");
  expect_positive(width, "GlimpseEncoder: width");
  where = register_module("where", torch::nn::Linear(2, features));
  what_out = register_module("what_out", torch::nn::Linear(features, width));
  where_out = register_module("where_out", torch::nn::Linear(features, width));
}

torch::Tensor GlimpseEncoder::forward(const torch::Tensor& patches, const torch::Tensor& locations) {
  return torch::relu(what_out(encode_patches(patches)) + where_out(torch::relu(where(locations))));
}

LinearGlimpseEncoderImpl::LinearGlimpseEncoderImpl(std::int64_t values, std::int64_t features, std::int64_t width)
    : GlimpseEncoder(features, width) {
  expect_positive(values, "GlimpseEncoder: values");
  what = register_module("what", torch::nn::Linear(values, features));
}

std::shared_ptr<torch::nn::Module> LinearGlimpseEncoderImpl::rebuilt() const {
  return std::make_shared<LinearGlimpseEncoderImpl>(what->options.in_features(), what->options.out_features(),
                                                    what_out->options.out_features());
}

torch::Tensor LinearGlimpseEncoderImpl::encode_patches(const torch::Tensor& patches) {
  return torch::relu(what(patches.flatten(1)));
}

ConvolutionalGlimpseEncoderImpl::ConvolutionalGlimpseEncoderImpl(std::int64_t planes, std::int64_t patch,
                                                                 std::int64_t channels, std::int64_t features,
                                                                 std::int64_t width)
    : GlimpseEncoder(features, width), patch_(patch) {
  if (patch < 2) throw InputError("GlimpseEncoder: patch", describe(IntegerRange{2}), std::to_string(patch));
  expect_positive(planes, "GlimpseEncoder: planes");
  expect_positive(channels, "GlimpseEncoder: channels");
  conv1_ = register_module("conv1", encoder_convolution(planes, channels));
  conv2_ = register_module("conv2", encoder_convolution(channels, 2 * channels));
  what_ = register_module("what", torch::nn::Linear(2 * channels * (patch / 2) * (patch / 2), features));
}

std::shared_ptr<torch::nn::Module> ConvolutionalGlimpseEncoderImpl::rebuilt() const {
  return std::make_shared<ConvolutionalGlimpseEncoderImpl>(conv1_->options.in_channels(), patch_,
                                                           conv1_->options.out_channels(), what_->options.out_features(),
                                                           what_out->options.out_features());
}

torch::Tensor ConvolutionalGlimpseEncoderImpl::encode_patches(const torch::Tensor& patches) {
  auto features = torch::relu(conv1_(patches.flatten(1, 2)));
  features = torch::relu(conv2_(torch::max_pool2d(features, 2)));
  return torch::relu(what_(features.flatten(1)));
}

}  // namespace fovea
