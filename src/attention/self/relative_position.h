#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/initialise.h>

namespace fovea {

/// Relative position logits, learned for each axis: the two-dimensional relative positions of "Attention Augmented
/// Convolutional Networks", arXiv:1904.09925. Parameter names and initialisation are timm's (`height_rel`, `width_rel`,
/// normal with a standard deviation of channels^-1/2).
class RelativePositionImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @param height, width of the window of keys. @param channels of a query. @throws InputError unless all are positive.
  RelativePositionImpl(std::int64_t height, std::int64_t width, std::int64_t channels);

  /// q_ij . (height_rel[k - i + height - 1] + width_rel[l - j + width - 1]) for query position (i, j) and key position (k,
  /// l) of the window, both counted from their upper left.
  /// @param queries [B, h, w, D], h <= height and w <= width. @return [B, h w, height width].
  torch::Tensor scores(const torch::Tensor& queries) const;

  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  torch::Tensor height_rel_, width_rel_;  ///< [2 height - 1, D], [2 width - 1, D]
};
TORCH_MODULE(RelativePosition);

/// Relative position index on one axis, key - query + keys - 1: [queries, keys], in [0, 2 keys - 2]. @param queries <= keys.
torch::Tensor axis_distances(std::int64_t queries, std::int64_t keys, const torch::Device& device);

/// softmax((q k + p) / sqrt(D)), or softmax(q k / sqrt(D) + p) with logits that are not scaled; p from `position`, zero if
/// that is nullptr. @param queries [B, h, w, D]. @param keys [B, K, D]. @return [B, h w, K].
torch::Tensor relative_attention(const torch::Tensor& queries, const torch::Tensor& keys,
                                 const RelativePositionImpl* position, bool scale_position);

}  // namespace fovea
