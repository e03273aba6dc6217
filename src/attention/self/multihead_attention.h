#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/forward_context.h>
#include <fovea/nn/initialise.h>

namespace fovea {

struct MultiheadAttentionOptions {
  std::int64_t channels = 0;        ///< of the queries that arrive and of what comes out
  std::int64_t heads = 1;           ///< a divisor of the channels
  std::int64_t key_channels = 0;    ///< of the keys that arrive; 0 = channels
  std::int64_t value_channels = 0;  ///< of the values that arrive; 0 = channels
  bool bias = true;                 ///< in every projection
  bool extra_key = false;           ///< one more key and value, learned, the same for all images
};

/// Which keys a query may not look at: floating point is added to the scores; true, or an integer that is not 0, shuts a key
/// out. Either may be undefined.
struct AttentionMasks {
  torch::Tensor scores = {};  ///< [L, S] for all, or [N heads, L, S]
  torch::Tensor keys = {};    ///< [N, S], for all queries of an image
};

/// What queries gather from keys and values, and where they looked.
struct AttentionResult {
  torch::Tensor output;   ///< [N, L, channels]
  torch::Tensor weights;  ///< [N, heads, L, S], rows summing to one; S counts the extra key, which is the last
};

/// Multi-head attention with queries, keys and values from anywhere, "Attention Is All You Need", arXiv:1706.03762:
/// out_proj(heads of softmax(q k / sqrt(D) + mask) v). Parameter names, meaning and start are those of
/// torch.nn.MultiheadAttention (`in_proj_weight`, or `q_proj_weight`, `k_proj_weight` and `v_proj_weight` when keys or
/// values have other widths; `in_proj_bias`, `bias_k`, `bias_v`, `out_proj`). Differs from the paper: biases in all
/// projections.
class MultiheadAttentionImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @throws InputError when heads does not divide the channels.
  explicit MultiheadAttentionImpl(const MultiheadAttentionOptions& options);

  /// @param query [N, L, channels]. @param key [N, S, key_channels]. @param value [N, S, value_channels]. Hooks see the
  /// weights, pairwise. A query that may look nowhere gathers NaN. @throws ShapeError when shapes do not fit each other.
  /// Does not depend on train/eval mode.
  AttentionResult forward(const torch::Tensor& query, const torch::Tensor& key, const torch::Tensor& value,
                          ForwardContext& context, const AttentionMasks& masks = {});

  /// As in PyTorch: matrices and the extra key and value by Glorot's rule ("Understanding the difficulty of training deep
  /// feedforward neural networks", AISTATS 2010), biases 0.
  void initialise(const RandomStream& stream) override;

 private:
  void expect_shapes(const torch::Tensor& query, const torch::Tensor& key, const torch::Tensor& value) const;

  MultiheadAttentionOptions options_;
  torch::Tensor in_proj_weight_;                                 ///< [3 C, C], or undefined
  torch::Tensor q_proj_weight_, k_proj_weight_, v_proj_weight_;  ///< or these
  torch::Tensor in_proj_bias_;                                   ///< [3 C], or undefined
  torch::Tensor bias_k_, bias_v_;                                ///< [1, 1, C], or undefined
  torch::nn::Linear out_proj_{nullptr};
};
TORCH_MODULE(MultiheadAttention);

}  // namespace fovea
