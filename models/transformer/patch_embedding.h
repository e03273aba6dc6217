#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/self/self_attention.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/forward_context.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Adds the option `patch_size`: {s} for squares, or {height, width}.
void visit_patch_size(FieldVisitor& fields, std::vector<std::int64_t>& patch_size);

/// Cuts images into patches and maps each to a vector, a transformer's first layer: the convolution `proj`, whose kernel and
/// stride are the patch. As many patches as fit lie side by side from the upper left; pixels beyond the last whole one are
/// not seen. It starts uniform in +-1 / sqrt(fan-in), as in timm.
class PatchEmbeddingImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @param patch_size see visit_patch_size(). @throws InputError naming `model.patch_size` when no patch fits into the
  /// image, and when a number is less than 1.
  PatchEmbeddingImpl(const FeatureShape& image, std::vector<std::int64_t> patch_size, std::int64_t channels);

  /// The patches as the positions of a map.
  const FeatureShape& grid() const { return grid_; }

  /// @param images [N, C, H, W]. @return tokens [N, h w, channels], row by row. Composes into ForwardContext::theta what
  /// part of the image they cover.
  torch::Tensor forward(const torch::Tensor& images, ForwardContext& context);
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

/// The tokens behind the prefix as a map: [N, P + h w, C] -> [N, C, h, w].
torch::Tensor patches_of(const torch::Tensor& tokens, const TokenLayout& layout);

/// The tokens with the positions of `map` [N, C, h', w'] in place of those behind the prefix: [N, P + h' w', C].
torch::Tensor with_patches(const torch::Tensor& tokens, const torch::Tensor& map, std::int64_t prefix_tokens);

/// For networks with learned positions. @throws ShapeError unless `images` are [N, C, H, W] of the shape they were built
/// for.
void expect_images(const torch::nn::Module& network, const torch::Tensor& images, const FeatureShape& built_for);

}  // namespace fovea
