#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/context/feed_forward.h>
#include <fovea/attention/self/self_attention.h>
#include <fovea/models/transformer/talking_heads.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/initialise.h>

namespace fovea {

/// Of the layer norms of every transformer here.
inline constexpr double kTransformerEpsilon = 1e-6;

/// Layer norm over `channels`.
torch::nn::LayerNorm transformer_norm(std::int64_t channels);

/// The two layers of a block's feed-forward branch, with `mlp_ratio` times as many features between them.
std::shared_ptr<FeedForwardImpl> transformer_mlp(std::int64_t channels, double mlp_ratio);

/// Gives every linear layer in `module` the start of timm's transformers: weights normal with deviation 0.02, biases 0.
/// (timm cuts at +-2, a hundred deviations out.)
void initialise_linear_layers(torch::nn::Module& module, const RandomStream& stream);

struct TransformerBlockOptions {
  std::int64_t heads = 3;
  double mlp_ratio = 4;
  bool qkv_bias = true;
  bool qk_norm = false;
  std::optional<double> layer_scale = std::nullopt;  ///< where the factors of a branch's channels start; nothing: no factors
  bool is_cait = false;  ///< TalkingHeads in place of SelfAttention; the factors are called `gamma_1` and `gamma_2`
};

/// Where in a network a block stands.
struct TransformerBlockPlace {
  std::string path;                ///< the block's name to be, e.g. "blocks.0"
  std::int64_t stage = 1;          ///< see TransformerTrunk
  FeatureShape grid;               ///< the patches as a map
  std::int64_t prefix_tokens = 0;  ///< tokens in front of them
  double drop_probability = 0;     ///< of each branch, in training; see drop_path_mask()
  bool prefix_is_read = true;      ///< see AttentionMap
};

/// A block of a transformer with norms in front of its branches: x + scale1 attention(norm1 x), then
/// x + scale2 gate(mlp(norm2 x)). Parameter names are timm's: `norm1`, `attn`, `ls1.gamma`, `norm2`, `mlp.fc1`, `mlp.fc2`,
/// `ls2.gamma`.
/// Slots: at `block`, a gate, `gate`, sees the patches behind the MLP as a map (the prefix passes by it, and the factors of
/// layer scale follow, so that it need not tell apart their tiny starting values); at `conv`, where there is no prefix, a
/// mixer over the patches takes the place and name of `attn`.
class TransformerBlockImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @throws InputError when heads do not divide the channels, or mlp_ratio is not above 0.
  explicit TransformerBlockImpl(const TransformerBlockPlace& place, const TransformerBlockOptions& options = {},
                                AttentionFactory& attention = no_attention());

  const TokenLayout& layout() const { return layout_; }

  /// @param tokens [N, P + h w, C]. @param hooks_input whether to tap `features` of norm1: the patches as attention reads
  /// them, [N, C, h, w]. @return the same shape.
  torch::Tensor forward(const torch::Tensor& tokens, ForwardContext& context, bool hooks_input = false);

  /// The network's own layers; a gate and a mixer start as they do elsewhere.
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  torch::Tensor attended(const torch::Tensor& tokens, ForwardContext& context);
  torch::Tensor gated(const torch::Tensor& tokens, ForwardContext& context);
  torch::Tensor sum(const torch::Tensor& tokens, const torch::Tensor& branch, const torch::Tensor& scale, const char* name,
                    const ForwardContext& context) const;

  TransformerBlockPlace place_;
  TransformerBlockOptions options_;
  TokenLayout layout_;
  torch::nn::LayerNorm norm1_{nullptr}, norm2_{nullptr};
  std::shared_ptr<SelfAttentionImpl> attn_;    ///< one of three
  std::shared_ptr<TalkingHeadsImpl> talking_;  ///< one of three
  std::shared_ptr<Mixer> mixer_;               ///< one of three
  std::shared_ptr<FeedForwardImpl> mlp_;
  torch::Tensor scale1_, scale2_;  ///< [C]; undefined without layer scale
  std::shared_ptr<Gate> gate_;
};
TORCH_MODULE(TransformerBlock);

}  // namespace fovea
