#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/context/latent_pool.h>
#include <fovea/models/backbone_attention.h>
#include <fovea/models/transformer/patch_embedding.h>
#include <fovea/models/transformer/patch_refinement.h>
#include <fovea/models/transformer/transformer_trunk.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/key_mapping.h>
#include <fovea/options/fields.h>
#include <fovea/weights/external_checkpoint.h>

namespace fovea {

/// Input of the last layer; timm's `global_pool`.
enum class TokenPooling {
  token,   ///< the class token
  avg,     ///< the mean of the patches
  avgmax,  ///< the mean of `avg` and `max`
  max,     ///< the maximum of the patches
  map,     ///< attention pooling with a learned query; see LatentPool
  prr,     ///< the class token, or the mean of the patches, after PatchRefinement
};

struct VisionTransformerOptions {
  std::vector<std::int64_t> patch_size{16};   ///< see visit_patch_size()
  std::int64_t embed_dim = 192;               ///< channels of a token
  std::int64_t depth = 12;                    ///< blocks
  std::int64_t heads = 3;                     ///< attention heads of each block
  double mlp_ratio = 4;                       ///< hidden width of the MLP / channels
  bool qkv_bias = true;                       ///< biases of queries, keys and values
  bool qk_norm = false;                       ///< layer norm of queries and keys in every head
  double layer_scale = 0;                     ///< initial value of layer scale, timm's init_values; 0: no layer scale
  Activation activation = Activation::gelu;   ///< of the MLPs
  double norm_epsilon = kTransformerEpsilon;  ///< of layer norms
  bool class_token = true;                    ///< a learned token before the patches
  TokenPooling global_pool = TokenPooling::token;
  double dropout = 0;           ///< probability, of a feature before the last layer; see apply_dropout()
  double stochastic_depth = 0;  ///< of the last block's branches, lower before; see stochastic_depth_probability()

  void visit_fields(FieldVisitor& fields);
};

/// Vision transformer (ViT) of "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
/// arXiv:2010.11929: patches, a class token and a learned position embedding, blocks of self-attention and MLP, one linear
/// layer. DeiT, "Training data-efficient image transformers & distillation through attention", arXiv:2012.12877, trains the
/// same network. Parameter names are timm's (`cls_token`, `pos_embed`, `patch_embed.proj`, `blocks.0.attn.qkv`, `norm`,
/// `fc_norm`, `attn_pool`, `head`); torchvision's are a key mapping. Initial values are timm's. Images may have any number
/// of channels and any size, see PatchEmbedding, but the size is fixed when the network is built; adapt_weights() resamples
/// position embeddings of another size.
/// Insertion points: see TransformerBlock and TransformerTrunk; at `pool`, a pool of the patches after `norm`, as a map,
/// replaces global_pool.
/// Differs from the paper: no dropout inside blocks; the poolings `avg`, `avgmax` and `max` are followed by `fc_norm` in
/// place of `norm` before them, as in timm. Differs from timm: stochastic depth starts with the first block.
class VisionTransformerImpl final : public Classifier, public SelfInitialising, public HasKeyMappings, public AdaptsWeights {
 public:
  /// @throws InputError naming the option when one is out of its range, no patch fits into the image, heads do not divide
  /// embed_dim, or global_pool is `token` without a class token.
  explicit VisionTransformerImpl(const VisionTransformerOptions& options = {}, const InputSpec& input = {},
                                 AttentionFactory& attention = no_attention());

  /// Hooks see pairwise attention of every block, with the class token as prefix, and `features` of every stage; see
  /// TransformerTrunk::forward(). @throws ShapeError for images of another shape than the network was built for.
  ModelOutput classify(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "head"; }
  std::string input_layer() const override { return "patch_embed.proj"; }

  void initialise(const RandomStream& stream) override;
  /// timm's, and two of torchvision's, which renamed the layers of its MLP in 0.14 but not in its published files; timm's
  /// alone for networks that torchvision does not have.
  std::vector<KeyMapping> key_mappings() const override;
  /// Resamples position embeddings of another grid; see adapt_position_embedding().
  void adapt_weights(NamedTensors& weights) const override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  bool reads_patches() const { return options_.global_pool != TokenPooling::token || attention_.has_pool(); }
  void add_pooling(const FeatureShape& grid);
  torch::Tensor embedded(const torch::Tensor& images, ForwardContext& context);
  torch::Tensor pooled(const torch::Tensor& tokens, PoolInput& passing, ForwardContext& context);

  VisionTransformerOptions options_;
  InputSpec input_;
  BackboneAttention attention_;
  torch::Tensor cls_token_;  ///< [1, 1, C]; undefined without one
  torch::Tensor pos_embed_;  ///< [1, P + h w, C]
  std::shared_ptr<PatchEmbeddingImpl> patch_embed_;
  TransformerTrunk trunk_;
  torch::nn::LayerNorm norm_{nullptr}, fc_norm_{nullptr};  ///< one of them
  std::shared_ptr<LatentPoolImpl> latent_pool_;
  std::shared_ptr<PatchRefinementImpl> refinement_;
  torch::nn::Linear head_{nullptr};
};
TORCH_MODULE(VisionTransformer);

}  // namespace fovea
