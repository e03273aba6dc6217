#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/attention/self/relative_position.h>
#include <fovea/nn/initialise.h>

namespace fovea {

struct HaloAttentionOptions {
  std::int64_t heads = 8;
  std::int64_t head_channels = 0;  ///< of a query and a key; 0 takes it from query_ratio
  double query_ratio = 1;          ///< channels of all queries / output channels, to a multiple of 8
  bool qkv_bias = false;           ///< in the projections to queries, keys and values
  std::int64_t block_size = 8;     ///< side of a block of queries; height and width are multiples of it
  std::int64_t halo_size = 3;      ///< width of the halo, the positions around a block that are keys too
  bool average_down = false;       ///< average the result for a stride instead of subsampling the queries
  bool scale_position = false;     ///< divide position logits by sqrt(channels of a query), like the dot products

  void visit_fields(FieldVisitor& fields);
};

/// Halo attention, "Scaling Local Self-Attention for Parameter Efficient Visual Backbones", arXiv:2103.12731: each block of
/// positions attends to itself and a halo around it, softmax(q k / sqrt(D) + q r) v with learned relative positions r.
/// Parameter names and defaults are timm's (`q`, `kv`, `pos_embed.height_rel`, `pos_embed.width_rel`). Differs from the
/// paper: nothing the paper says; as in timm, the halo outside the image is zeros that take part in the softmax, and with a
/// stride the relative positions of the subsampled queries are counted without the gaps between them (where the stride does
/// not divide the block, the result is averaged, as with average_down).
class HaloAttentionImpl final : public Mixer, public SelfInitialising {
 public:
  /// @throws InputError when an option is out of its range or does not fit the channels.
  HaloAttentionImpl(std::int64_t in_channels, std::int64_t out_channels, HaloAttentionOptions options = {});
  explicit HaloAttentionImpl(const InsertionPoint& point, HaloAttentionOptions options = {});

  /// @param features [N, C, H, W], H and W multiples of block_size. @return [N, out, ceil(H / stride), ceil(W / stride)].
  /// Hooks see pairwise weights [N, heads, queries, window^2]: queries row by row over the image, keys row by row over the
  /// window of the query's block, which starts halo_size above and left of the block; rows sum to one.
  /// @throws ShapeError for any other shape. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

  /// As in timm: q and kv normal with a standard deviation of C^-1/2.
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  /// @param weights [N, heads, rows, columns, side, side, window^2]: the blocks of the image, and the queries of each.
  torch::Tensor hook_in_image_order(const torch::Tensor& weights, ForwardContext& context) const;

  InsertionPoint point_;
  HaloAttentionOptions options_;
  GridHeads heads_;
  std::int64_t query_stride_;  ///< of the queries; the rest of the stride is averaged
  torch::nn::Conv2d q_{nullptr}, kv_{nullptr};
  std::shared_ptr<RelativePositionImpl> pos_embed_;
};
TORCH_MODULE(HaloAttention);

}  // namespace fovea
