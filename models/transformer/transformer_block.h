#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/context/feed_forward.h>
#include <fovea/attention/self/self_attention.h>
#include <fovea/models/parameter_free_choice.h>
#include <fovea/models/transformer/talking_heads.h>
#include <fovea/nn/activation.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/context_argument.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Default epsilon of the layer norms of every transformer here.
inline constexpr double kTransformerEpsilon = 1e-6;

/// Layer norm over `channels`.
torch::nn::LayerNorm transformer_norm(std::int64_t channels, double epsilon = kTransformerEpsilon);

/// MLP of a block: two layers with `mlp_ratio` times as many hidden features as channels.
std::shared_ptr<FeedForwardImpl> transformer_mlp(std::int64_t channels, double mlp_ratio,
                                                 Activation activation = Activation::gelu);

/// Declares the fields `activation` and `norm_epsilon` of a transformer's options.
void visit_transformer_functions(FieldVisitor& fields, Activation& activation, double& norm_epsilon);

/// The choices of these fields.
std::vector<ParameterFreeChoice> transformer_choices();

/// Initialises every linear layer in `module` as timm's transformers: weights normal with standard deviation 0.02, biases 0.
/// (timm truncates at +-2, a hundred standard deviations.)
void initialise_linear_layers(torch::nn::Module& module, const RandomStream& stream);

struct TransformerBlockOptions {
  std::int64_t heads = 3;
  double mlp_ratio = 4;
  bool qkv_bias = true;
  bool qk_norm = false;
  std::optional<double> layer_scale = std::nullopt;  ///< initial value; None: no layer scale
  /// TalkingHeads in place of SelfAttention, as in CaiT; layer scale is then called `gamma_1` and `gamma_2`.
  bool talking_heads = false;
  Activation activation = Activation::gelu;   ///< of the MLP
  double norm_epsilon = kTransformerEpsilon;  ///< of layer norms
};

/// Arguments of a transformer block that depend on its network.
struct TransformerBlockPlan {
  std::string path = {};           ///< the block's name to be, e.g. "blocks.0"
  std::int64_t stage = 1;          ///< see TransformerTrunk
  FeatureShape grid;               ///< shape of the patches as a map
  std::int64_t prefix_tokens = 0;  ///< tokens before the patches
  double drop_probability = 0;     ///< of each branch, in training; see drop_path_mask()
  bool prefix_is_read = true;      ///< see AttentionMap
};

/// Pre-norm transformer block: x + scale1 attention(norm1 x), then
/// x + scale2 gate(mlp(norm2 x)). Parameter names are timm's: `norm1`, `attn`, `ls1.gamma`, `norm2`, `mlp.fc1`, `mlp.fc2`,
/// `ls2.gamma`.
/// Insertion points: at `block`, the gate `gate` of the patches as a map, after the MLP and before layer scale, whose small
/// initial values would hide the features from it; prefix tokens bypass it. At `conv`, without prefix tokens, a mixer of the
/// patches replaces `attn` and has its name.
class TransformerBlockImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @throws InputError when heads do not divide the channels, or mlp_ratio is not above 0.
  explicit TransformerBlockImpl(const TransformerBlockPlan& plan, const TransformerBlockOptions& options = {},
                                AttentionFactory& attention = no_attention());

  const TokenLayout& layout() const { return layout_; }

  /// @param tokens [N, P + h w, C]. @param hooks_input true: hooks see `features` of norm1, the patches that
  /// attention reads, [N, C, h, w]. @return the same shape.
  torch::Tensor forward(const torch::Tensor& tokens, ContextArgument context = {}, bool hooks_input = false);

  /// Initialises the block's own layers, not a gate or a mixer.
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  FORWARD_HAS_DEFAULT_ARGS({1, torch::nn::AnyValue(ContextArgument())}, {2, torch::nn::AnyValue(false)})

 private:
  torch::Tensor attend(const torch::Tensor& tokens, ForwardContext& context);
  torch::Tensor gated(const torch::Tensor& tokens, ForwardContext& context);
  torch::Tensor sum(const torch::Tensor& tokens, const torch::Tensor& branch, const torch::Tensor& scale, const char* name,
                    const ForwardContext& context) const;

  TransformerBlockPlan plan_;
  TransformerBlockOptions options_;
  TokenLayout layout_;
  torch::nn::LayerNorm norm1_{nullptr}, norm2_{nullptr};
  std::shared_ptr<SelfAttentionImpl> attn_;  ///< or talking_, or mixer_
  std::shared_ptr<TalkingHeadsImpl> talking_;
  std::shared_ptr<Mixer> mixer_;
  std::shared_ptr<FeedForwardImpl> mlp_;
  torch::Tensor scale1_, scale2_;  ///< [C]; undefined without layer scale
  std::shared_ptr<Gate> gate_;
};
TORCH_MODULE(TransformerBlock);

}  // namespace fovea
