#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/context/token_pool.h>

namespace fovea {

struct RotaryPoolOptions : TokenPoolOptions {
  std::vector<std::int64_t> reference_grid{7};  ///< height and width (one number: both) of the grid that angles are for

  void visit_fields(FieldVisitor& fields);
};

/// Attention pooling (see AttentionPool) with rotary positions, "RoFormer: Enhanced Transformer with Rotary Position
/// Embedding", arXiv:2104.09864, in two dimensions: in every head of d features, pairs of features of a position's key turn
/// by angles y f_i (the first d/4 pairs) and x f_i (the others), f_i = 10000^(-4 i / d), with y = row H_ref / H and x =
/// column W_ref / W. The token that asks does not turn. No grid is fixed. Parameter names, defaults and starting values are
/// timm's (`qkv` or `q`, `k`, `v`, `proj`, `cls_token`). Differs from the paper: a pool instead of a whole network; two
/// axes; positions scaled to the reference grid.
class RotaryPoolImpl final : public TokenPool {
 public:
  /// @throws InputError when an option does not fit: heads need a multiple of 4 features.
  RotaryPoolImpl(const InsertionPoint& point, const RotaryPoolOptions& options);

 protected:
  /// A grid only. @throws ShapeError.
  Positions arriving(const torch::Tensor& features) const override;
  torch::Tensor turned(const torch::Tensor& heads, const Positions& positions) const override;

 private:
  /// [L, d / 2].
  torch::Tensor angles(const std::vector<std::int64_t>& grid, const torch::TensorOptions& options) const;

  std::vector<std::int64_t> reference_;  ///< {height, width}
};
TORCH_MODULE(RotaryPool);

}  // namespace fovea
