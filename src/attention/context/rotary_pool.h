#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/context/token_pool.h>

namespace fovea {

struct RotaryPoolOptions {
  std::int64_t heads = 0;           ///< 0 = embed_channels / head_channels, at least 1
  std::int64_t head_channels = 64;  ///< features of a head, where heads is 0
  std::int64_t embed_channels = 0;  ///< features of all heads; 0 = as many as the positions have channels
  std::int64_t out_features = 0;    ///< 0 = as many as the positions have channels
  bool projection = true;           ///< linear layer behind the heads; without it the result has embed_channels features
  bool qkv_bias = true;
  bool qkv_separate = false;                    ///< parameters `q`, `k`, `v` instead of `qkv`
  bool class_token = false;                     ///< the query is a learned token instead of the mean of the positions
  double dropout = 0;                           ///< dropout probability of the heads' output, in training
  std::vector<std::int64_t> reference_grid{7};  ///< height and width (one number: both) of the grid that angles are for
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// Attention pooling (see AttentionPool) with rotary positions, "RoFormer: Enhanced Transformer with Rotary Position
/// Embedding", arXiv:2104.09864, in two dimensions: in every head of d features, pairs of features of a position's key are
/// rotated by angles y f_i (the first d/4 pairs) and x f_i (the others), f_i = 10000^(-4 i / d), with y = row H_ref / H and
/// x = column W_ref / W. The query's token is not rotated. The grid may have any size. Parameter names, defaults and
/// initialisation are timm's (`qkv` or `q`, `k`, `v`, `proj`, `cls_token`). Differs from the paper: a pool instead of a
/// whole network; two axes; positions scaled to the reference grid.
class RotaryPoolImpl final : public TokenPool {
 public:
  /// @throws InputError when an option is out of its range or does not fit: heads need a multiple of 4 features.
  explicit RotaryPoolImpl(std::int64_t channels, RotaryPoolOptions options = {});
  explicit RotaryPoolImpl(const InsertionPoint& point, RotaryPoolOptions options = {});

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  /// @throws ShapeError unless the features are [N, C, H, W].
  Positions input_positions(const torch::Tensor& features) const override;
  torch::Tensor rotated(const torch::Tensor& heads, const Positions& positions) const override;

 private:
  /// Rotation angles of the positions, [L, d / 2].
  torch::Tensor angles(const std::vector<std::int64_t>& grid, const torch::TensorOptions& options) const;

  RotaryPoolOptions options_;
};
TORCH_MODULE(RotaryPool);

}  // namespace fovea
