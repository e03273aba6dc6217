#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/self/self_attention.h>
#include <fovea/nn/context_argument.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Visits the option `patch_size`, in pixels: {s} for squares, or {height, width}.
void visit_patch_size(FieldVisitor& fields, std::vector<std::int64_t>& patch_size);

/// Patch embedding of a transformer: the convolution `proj`, whose kernel and stride are the patch, maps each patch to a
/// token. The patches start at the upper left corner; pixels beyond the last whole patch are ignored. initialise() draws
/// uniformly from +-1 / sqrt(fan-in), as in timm.
class PatchEmbeddingImpl final : public ContextModule, public SelfInitialising {
 public:
  /// @param image shape of the images. @param patch_size see visit_patch_size(). @param channels of a token. @throws
  /// InputError naming `model.patch_size` when no patch fits into the image, and when a number is less than 1.
  PatchEmbeddingImpl(const FeatureShape& image, std::vector<std::int64_t> patch_size, std::int64_t channels);

  /// Shape of the tokens as a map: {channels, rows of patches, columns of patches}.
  const FeatureShape& grid() const { return grid_; }

  /// @param images [N, C, H, W]. @return tokens [N, h w, channels], row by row. Composes into ForwardContext::theta
  /// the part of the image that they cover.
  torch::Tensor forward(const torch::Tensor& images, ContextArgument context = {});
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  FeatureShape image_;
  std::vector<std::int64_t> patch_size_;
  FeatureShape grid_;
  torch::nn::Conv2d proj_{nullptr};
};
TORCH_MODULE(PatchEmbedding);

/// Tokens after the prefix as a map: [N, P + h w, C] -> [N, C, h, w].
torch::Tensor patches_of(const torch::Tensor& tokens, const TokenLayout& layout);

/// Tokens with the positions of `map` [N, C, h', w'] in place of those after the prefix: [N, P + h' w', C].
torch::Tensor with_patches(const torch::Tensor& tokens, const torch::Tensor& map, std::int64_t prefix_tokens);

/// Check of networks with a position embedding. @throws ShapeError unless `images` are [N, C, H, W] of the shape that the
/// network was built for.
void expect_images(const torch::nn::Module& network, const torch::Tensor& images, const FeatureShape& built_for);

}  // namespace fovea
