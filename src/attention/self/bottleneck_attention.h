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

struct BottleneckAttentionOptions : GridHeadOptions {
  bool scale_position = false;  ///< positions are divided by sqrt(channels of a query), as the products are

  BottleneckAttentionOptions() : GridHeadOptions(/*default_heads=*/4) {}
  void visit_fields(FieldVisitor& fields);
};

/// Multi-head self-attention of a Bottleneck Transformer, "Bottleneck Transformers for Visual Recognition",
/// arXiv:2101.11605: softmax(q k / sqrt(D) + q r) v over all positions, r learned relative positions (RelativePosition), so
/// it is bound to the height and width it was built for. Parameter names and defaults are timm's (`qkv`,
/// `pos_embed.height_rel`, `pos_embed.width_rel`). Differs from the paper: nothing; a stride averages the result, as there.
class BottleneckAttentionImpl final : public Mixer, public SelfInitialising {
 public:
  /// @throws InputError when an option does not fit the site.
  BottleneckAttentionImpl(const InsertionPoint& point, const BottleneckAttentionOptions& options);

  /// @param features [N, C, H, W], H and W the site's. @return [N, out, ceil(H / stride), ceil(W / stride)]. Hooks see
  /// pairwise weights [N, heads, H W, H W]. @throws ShapeError for any other shape. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

  /// As in timm: qkv normal with deviation C^-1/2.
  void initialise(const RandomStream& stream) override;

 private:
  FeatureShape shape_;
  std::int64_t stride_;
  GridHeads heads_;
  bool scale_position_;
  torch::nn::Conv2d qkv_{nullptr};
  std::shared_ptr<RelativePositionImpl> pos_embed_;
};
TORCH_MODULE(BottleneckAttention);

}  // namespace fovea
