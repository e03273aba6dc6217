#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// Glimpse encoder, which combines patches and location: h_g = ReLU(what(patches)), h_l = ReLU(where(location)),
/// g = ReLU(what_out h_g + where_out h_l); section 3.1 of "Recurrent Models of Visual Attention", arXiv:1406.6247.
class GlimpseEncoder : public CloneableModule {
 public:
  /// @param features of h_g and h_l each. @param width of g. @throws InputError unless both are at least 1.
  GlimpseEncoder(std::int64_t features, std::int64_t width);

  /// @param patches [R, S, C, G, G]. @param locations [R, 2]. @return [R, width].
  torch::Tensor forward(const torch::Tensor& patches, const torch::Tensor& locations);

  torch::nn::Linear where{nullptr}, what_out{nullptr}, where_out{nullptr};

 protected:
  /// h_g [R, features] of patches [R, S, C, G, G].
  virtual torch::Tensor encode_patches(const torch::Tensor& patches) = 0;
};

/// Encoder of the paper: one linear layer on all values of a glimpse.
class LinearGlimpseEncoderImpl final : public GlimpseEncoder {
 public:
  /// @param values S C G G of a glimpse. @throws InputError unless every number is at least 1.
  LinearGlimpseEncoderImpl(std::int64_t values, std::int64_t features, std::int64_t width);

  torch::nn::Linear what{nullptr};

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  torch::Tensor encode_patches(const torch::Tensor& patches) override;
};
TORCH_MODULE(LinearGlimpseEncoder);

/// Two 3x3 convolutions with ReLU over the patches of all scales, stacked as channels, with 2x2 max pooling in between,
/// and a linear layer; after the convolutional glimpse networks of "Multiple Object Recognition with Visual Attention",
/// arXiv:1412.7755. Differs from the paper: two convolutions instead of three.
class ConvolutionalGlimpseEncoderImpl final : public GlimpseEncoder {
 public:
  /// @param planes S C of a glimpse. @param patch G >= 2. @param channels of the first convolution; the second has twice as
  /// many. @throws InputError for a smaller patch, and when another number is less than 1.
  ConvolutionalGlimpseEncoderImpl(std::int64_t planes, std::int64_t patch, std::int64_t channels, std::int64_t features,
                                  std::int64_t width);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  torch::Tensor encode_patches(const torch::Tensor& patches) override;

 private:
  std::int64_t patch_;
  torch::nn::Conv2d conv1_{nullptr}, conv2_{nullptr};
  torch::nn::Linear what_{nullptr};
};
TORCH_MODULE(ConvolutionalGlimpseEncoder);

}  // namespace fovea
