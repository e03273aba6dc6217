#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/context/class_attention.h>
#include <fovea/models/backbone_attention.h>
#include <fovea/models/transformer/patch_embedding.h>
#include <fovea/models/transformer/transformer_trunk.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/key_mapping.h>
#include <fovea/options/fields.h>
#include <fovea/weights/external_checkpoint.h>

namespace fovea {

struct ClassAttentionTransformerOptions {
  std::vector<std::int64_t> patch_size{16};   ///< see visit_patch_size()
  std::int64_t embed_dim = 192;               ///< channels of a token
  std::int64_t depth = 24;                    ///< blocks of self-attention between the patches
  std::int64_t depth_token_only = 2;          ///< blocks of class attention
  std::int64_t heads = 4;                     ///< attention heads of each block
  double mlp_ratio = 4;                       ///< hidden width of the MLP / channels; 4 in the blocks of class attention
  bool qkv_bias = true;                       ///< biases of queries, keys and values
  Activation activation = Activation::gelu;   ///< of the MLPs
  double norm_epsilon = kTransformerEpsilon;  ///< of layer norms
  double layer_scale = 1e-5;                  ///< initial value of layer scale; timm's init_values
  double dropout = 0;                         ///< probability, of a feature before the last layer; see apply_dropout()
  double stochastic_depth = 0;                ///< of each branch; 0 in the blocks of class attention

  void visit_fields(FieldVisitor& fields);
};

/// Block of class attention, which changes only the class token: c + gamma_1 attn(norm1 [c; patches]), then c + gamma_2
/// mlp(norm2 c).
class ClassAttentionBlockImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @throws InputError when an option is out of its range, or heads do not divide the channels.
  explicit ClassAttentionBlockImpl(std::int64_t channels, const ClassAttentionTransformerOptions& options = {});

  /// @param class_token [N, 1, C]. @param patches [N, h w, C]. @param grid {h, w}. @return [N, 1, C].
  torch::Tensor forward(const torch::Tensor& class_token, const torch::Tensor& patches,
                        const std::vector<std::int64_t>& grid, ForwardContext& context);
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  ClassAttentionTransformerOptions options_;
  torch::Tensor gamma_1_, gamma_2_;  ///< [C]
  torch::nn::LayerNorm norm1_{nullptr}, norm2_{nullptr};
  std::shared_ptr<ClassAttentionImpl> attn_;
  std::shared_ptr<FeedForwardImpl> mlp_;
};
TORCH_MODULE(ClassAttentionBlock);

/// CaiT of "Going deeper with Image Transformers", arXiv:2103.17239: blocks of self-attention between the patches, with
/// talking heads and layer scale; blocks of class attention, in which a class token attends to the patches; one linear layer
/// on the class token. Parameter names and initial values are timm's (`cls_token`, `pos_embed`, `patch_embed.proj`,
/// `blocks.0.gamma_1`, `blocks_token_only.0.attn.q`, `norm`, `head`). Images may have any number of channels and any size,
/// see PatchEmbedding, but the size is fixed when the network is built; adapt_weights() resamples position embeddings of
/// another size.
/// Insertion points: see TransformerBlock and TransformerTrunk; at `pool`, a pool of the patches after `norm`, as a map,
/// replaces the class token and its blocks.
/// Differs from the paper: no dropout inside blocks.
class ClassAttentionTransformerImpl final : public Classifier,
                                            public SelfInitialising,
                                            public HasKeyMappings,
                                            public AdaptsWeights {
 public:
  /// @throws InputError naming the option when one is out of its range, no patch fits into the image, or heads do not divide
  /// embed_dim.
  explicit ClassAttentionTransformerImpl(const ClassAttentionTransformerOptions& options = {}, const InputSpec& input = {},
                                         AttentionFactory& attention = no_attention());

  /// Hooks see pairwise attention of every block, and `features` of every stage; see TransformerTrunk::forward().
  /// @throws ShapeError for images of another shape than the network was built for.
  ModelOutput classify(const Batch& batch, ForwardContext& context) override;
  std::string head() const override { return "head"; }
  std::string input_layer() const override { return "patch_embed.proj"; }
  std::vector<KeyMapping> key_mappings() const override { return {{.name = "timm"}}; }

  void initialise(const RandomStream& stream) override;
  /// Resamples position embeddings of another grid; see adapt_position_embedding().
  void adapt_weights(NamedTensors& weights) const override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  torch::Tensor pooled(const torch::Tensor& tokens, PoolInput& passing, ForwardContext& context);

  ClassAttentionTransformerOptions options_;
  InputSpec input_;
  BackboneAttention attention_;
  torch::Tensor cls_token_;  ///< [1, 1, C]; undefined with a pool
  torch::Tensor pos_embed_;  ///< [1, h w, C]
  std::shared_ptr<PatchEmbeddingImpl> patch_embed_;
  TransformerTrunk trunk_;
  torch::nn::ModuleList class_blocks_{nullptr};  ///< `blocks_token_only`
  torch::nn::LayerNorm norm_{nullptr};
  torch::nn::Linear head_{nullptr};
};
TORCH_MODULE(ClassAttentionTransformer);

}  // namespace fovea
