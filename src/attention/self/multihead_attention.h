#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/context_argument.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

struct MultiheadAttentionOptions {
  std::int64_t heads = 1;           ///< a divisor of the channels
  std::int64_t key_channels = 0;    ///< of the input keys; 0 = as many as the queries
  std::int64_t value_channels = 0;  ///< of the input values; 0 = as many as the queries
  bool bias = true;                 ///< in every projection
  bool extra_key = false;           ///< one more learned key and value for all images; torch's add_bias_kv

  void visit_fields(FieldVisitor& fields);
};

/// Attention masks: floating point is added to the scores; true, or an integer that is not 0, masks a key. Either may be
/// undefined.
struct AttentionMasks {
  torch::Tensor scores = {};  ///< [L, S] for all, or [N heads, L, S]
  torch::Tensor keys = {};    ///< [N, S], for all queries of an image
};

/// Output and weights of multi-head attention.
struct AttentionResult {
  torch::Tensor output;   ///< [N, L, channels]
  torch::Tensor weights;  ///< [N, heads, L, S], rows summing to one; S counts the extra key, which is the last
};

/// Multi-head attention with any queries, keys and values, "Attention Is All You Need", arXiv:1706.03762: out_proj(heads of
/// softmax(q k / sqrt(D) + mask) v). Parameter names, semantics and initialisation are those of torch.nn.MultiheadAttention
/// (`in_proj_weight`, or `q_proj_weight`, `k_proj_weight` and `v_proj_weight` when keys or values have other widths;
/// `in_proj_bias`, `bias_k`, `bias_v`, `out_proj`). Differs from the paper: biases in all projections.
class MultiheadAttentionImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @param channels of the queries and of the output. @throws InputError when an option is out of its range, or when heads
  /// does not divide the channels.
  explicit MultiheadAttentionImpl(std::int64_t channels, MultiheadAttentionOptions options = {});

  /// @param query [N, L, channels]. @param key [N, S, key_channels]. @param value [N, S, value_channels]. Hooks see the
  /// weights, pairwise. The output of a query whose keys are all masked is NaN. @throws ShapeError when shapes, also of the
  /// masks, do not fit each other. Does not depend on train/eval mode.
  AttentionResult forward(const torch::Tensor& query, const torch::Tensor& key, const torch::Tensor& value,
                          ContextArgument context = {}, const AttentionMasks& masks = {});

  /// As in PyTorch: matrices Xavier-uniform, the extra key and value Xavier-normal ("Understanding the difficulty of
  /// training deep feedforward neural networks", AISTATS 2010), biases 0.
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  FORWARD_HAS_DEFAULT_ARGS({3, torch::nn::AnyValue(ContextArgument())}, {4, torch::nn::AnyValue(AttentionMasks())})

 private:
  void expect_shapes(const torch::Tensor& query, const torch::Tensor& key, const torch::Tensor& value) const;
  void expect_masks(const AttentionMasks& masks, const torch::Tensor& query, const torch::Tensor& key) const;

  std::int64_t channels_;
  MultiheadAttentionOptions options_;
  torch::Tensor in_proj_weight_;                                 ///< [3 C, C], or undefined
  torch::Tensor q_proj_weight_, k_proj_weight_, v_proj_weight_;  ///< or these
  torch::Tensor in_proj_bias_;                                   ///< [3 C], or undefined
  torch::Tensor bias_k_, bias_v_;                                ///< [1, 1, C], or undefined
  torch::nn::Linear out_proj_{nullptr};
};
TORCH_MODULE(MultiheadAttention);

}  // namespace fovea
