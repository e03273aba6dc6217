#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/context_argument.h>
#include <fovea/options/fields.h>

namespace fovea {

struct SelfAttentionOptions {
  std::int64_t heads = 8;
  std::int64_t head_channels = 0;  ///< of a query, a key and a value; 0 = channels / heads
  bool qkv_bias = false;           ///< in the projections to queries, keys and values
  bool qk_norm = false;            ///< layer norm of each query and key
  bool scale_norm = false;         ///< layer norm of the concatenated heads
  bool gated = false;              ///< multiply the concatenated heads by sigmoid(gate(token))
  bool proj_bias = true;           ///< in the projection behind the heads

  void visit_fields(FieldVisitor& fields);
};

/// Epsilon of LibTorch's layer norms.
inline constexpr double kLayerNormEpsilon = 1e-5;

/// Layout of tokens, for attention maps.
struct TokenLayout {
  std::vector<std::int64_t> grid = {};  ///< {height, width} of the tokens behind the prefix; empty when there is no grid
  std::int64_t prefix_tokens = 0;       ///< tokens in front, e.g. 1 class token
  bool prefix_is_read = true;           ///< see AttentionMap
};

/// Multi-head self-attention of a Transformer, "Attention Is All You Need", arXiv:1706.03762: proj(heads of
/// softmax(q k / sqrt(D)) v). Parameter names and defaults are those of timm's `Attention` (`qkv`, `q_norm`, `k_norm`,
/// `norm`, `proj`), and `gate`. Differs from the paper: nothing by default but the bias of proj. Options: qk_norm as in
/// "Scaling Vision Transformers to 22 Billion Parameters", arXiv:2302.05442; scale_norm; the elementwise gate of "Gated
/// Attention for Large Language Models: Non-linearity, Sparsity, and Attention-Sink-Free", arXiv:2505.06708.
class SelfAttentionImpl final : public CloneableModule {
 public:
  /// @param channels C of the tokens. @param norm_epsilon of its norms, from 1e-12 to 1. @param mechanism for messages.
  /// @throws InputError when an option is out of its range, or when heads does not divide the channels and head_channels
  /// is 0.
  SelfAttentionImpl(std::int64_t channels, std::int64_t out_channels, SelfAttentionOptions options = {},
                    double norm_epsilon = kLayerNormEpsilon, std::string mechanism = "attention");

  /// @param tokens [N, L, C]. @return [N, L, out]. Hooks see pairwise weights [N, heads, L, L], rows summing to one.
  /// @throws ShapeError for any other shape. Does not depend on train/eval mode.
  torch::Tensor forward(const torch::Tensor& tokens, ContextArgument context = {}, const TokenLayout& layout = {});

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  FORWARD_HAS_DEFAULT_ARGS({1, torch::nn::AnyValue(ContextArgument())}, {2, torch::nn::AnyValue(TokenLayout())})

 private:
  std::int64_t channels_, out_channels_;
  SelfAttentionOptions options_;
  double norm_epsilon_;
  std::string mechanism_;
  torch::nn::Linear qkv_{nullptr}, gate_{nullptr}, proj_{nullptr};
  torch::nn::LayerNorm q_norm_{nullptr}, k_norm_{nullptr}, norm_{nullptr};
};
TORCH_MODULE(SelfAttention);

/// SelfAttention over the positions of a feature map, in place of a convolution. Without a position encoding, it is
/// permutation-equivariant. The module is `attn`. Differs from the paper: a stride averages the result.
class GridSelfAttentionImpl final : public Mixer {
 public:
  /// @throws InputError when an option is out of its range, or when heads does not divide the channels.
  GridSelfAttentionImpl(std::int64_t in_channels, std::int64_t out_channels, SelfAttentionOptions options = {});
  explicit GridSelfAttentionImpl(const InsertionPoint& point, SelfAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Hooks see pairwise weights
  /// [N, heads, H W, H W] at `attn`. @throws ShapeError if features is not 4-D or C differs.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  SelfAttentionOptions options_;
  std::shared_ptr<SelfAttentionImpl> attn_;
};
TORCH_MODULE(GridSelfAttention);

}  // namespace fovea
