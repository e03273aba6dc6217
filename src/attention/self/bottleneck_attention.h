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

struct BottleneckAttentionOptions {
  std::int64_t heads = 4;
  std::int64_t head_channels = 0;  ///< of a query and a key; 0 takes it from query_ratio
  double query_ratio = 1;          ///< channels of all queries / output channels, to a multiple of 8
  bool qkv_bias = false;           ///< in the projections to queries, keys and values
  bool scale_position = false;     ///< divide position logits by sqrt(channels of a query), like the dot products

  void visit_fields(FieldVisitor& fields);
};

/// Multi-head self-attention of a Bottleneck Transformer, "Bottleneck Transformers for Visual Recognition",
/// arXiv:2101.11605: softmax(q k / sqrt(D) + q r) v over all positions with learned relative positions r (RelativePosition),
/// which are for one height and width only. Parameter names and defaults are timm's (`qkv`, `pos_embed.height_rel`,
/// `pos_embed.width_rel`). Differs from the paper: nothing; a stride averages the result, as there.
class BottleneckAttentionImpl final : public Mixer, public SelfInitialising {
 public:
  /// @param in shape of the features. @throws InputError when an option is out of its range or does not fit the channels.
  BottleneckAttentionImpl(const FeatureShape& in, std::int64_t out_channels, BottleneckAttentionOptions options = {});
  explicit BottleneckAttentionImpl(const InsertionPoint& point, BottleneckAttentionOptions options = {});

  /// @param features [N, C, H, W], H and W those it was built for. @return [N, out, ceil(H / stride), ceil(W / stride)].
  /// Hooks see pairwise weights [N, heads, H W, H W]. @throws ShapeError for any other shape. Does not depend on train/eval
  /// mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

  /// As in timm: qkv normal with a standard deviation of C^-1/2.
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  BottleneckAttentionOptions options_;
  GridHeads heads_;
  torch::nn::Conv2d qkv_{nullptr};
  std::shared_ptr<RelativePositionImpl> pos_embed_;
};
TORCH_MODULE(BottleneckAttention);

}  // namespace fovea
