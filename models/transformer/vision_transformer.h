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

/// What the last layer reads; timm's `global_pool`.
enum class TokenPooling {
  token,   ///< the class token
  avg,     ///< the mean of the patches
  avgmax,  ///< half their mean and half their maximum
  max,     ///< their maximum
  map,     ///< what a learned token gathers from them; see LatentPool
  prr,     ///< the class token, or the mean of the patches, after PatchRefinement
};

struct VisionTransformerOptions {
  std::vector<std::int64_t> patch_size{16};  ///< see visit_patch_size()
  std::int64_t embed_dim = 192;              ///< channels of a token
  std::int64_t depth = 12;                   ///< blocks
  std::int64_t heads = 3;                    ///< of each block's attention
  double mlp_ratio = 4;                      ///< width of the feed-forward layers' middle / channels
  bool qkv_bias = true;                      ///< biases of queries, keys and values
  bool qk_norm = false;                      ///< layer norm of queries and keys in every head
  double layer_scale = 0;                    ///< where each branch's factors start, timm's init_values; 0: no factors
  bool class_token = true;                   ///< a learned token in front of the patches
  TokenPooling global_pool = TokenPooling::token;
  double dropout = 0;           ///< of a feature before the last layer; see dropout()
  double stochastic_depth = 0;  ///< of the last block's branches, less before; see stochastic_depth_probability()

  void visit_fields(FieldVisitor& fields);
};

/// The plain vision transformer (ViT) of "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
/// arXiv:2010.11929: patches, a class token and learned positions, blocks of self-attention and MLP, one linear layer. DeiT,
/// "Training data-efficient image transformers & distillation through attention", arXiv:2012.12877, trains the same network.
/// Parameter names are timm's (`cls_token`, `pos_embed`, `patch_embed.proj`, `blocks.0.attn.qkv`, `norm`, `fc_norm`,
/// `attn_pool`, `head`); torchvision's are a key mapping. Starting values are timm's. For images of any channels and any
/// H x W, see PatchEmbedding; a network is for the size it was built for, and takes in the positions of weights made for
/// another.
/// Slots: see TransformerBlock and TransformerTrunk; at `pool`, a pool reads the patches behind `norm`, as a map, in place
/// of global_pool.
/// Differs from the paper: no dropout inside blocks; poolings without the class token (but for `map`) have `fc_norm` behind
/// them in place of `norm`, as in timm. Differs from timm: stochastic depth starts with the first block.
class VisionTransformerImpl final : public Classifier, public SelfInitialising, public HasKeyMappings, public AdaptsWeights {
 public:
  /// @throws InputError naming the option when one is out of its range, no patch fits into the image, heads do not divide
  /// embed_dim, or the class token is to be read and there is none.
  explicit VisionTransformerImpl(const VisionTransformerOptions& options = {}, const InputSpec& input = {},
                                 AttentionFactory& attention = no_attention());

  using Classifier::forward;
  /// Hooks see pairwise attention of every block, with the class token as prefix, and `features` of every stage; see
  /// TransformerTrunk::forward(). @throws ShapeError for images of another shape than the network was built for.
  ModelOutput forward(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "head"; }
  std::string input_layer() const override { return "patch_embed.proj"; }

  void initialise(const RandomStream& stream) override;
  /// Two of torchvision's, which renamed its MLP's layers in 0.14 but not in its published files. None when it has no such
  /// network.
  std::vector<KeyMapping> key_mappings() const override;
  /// Positions of another grid are resampled; see adapt_position_embedding().
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
