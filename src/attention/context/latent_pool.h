#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/context/feed_forward.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/selection.h>
#include <fovea/nn/activation.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Result of several latent tokens.
enum class LatentPoolType {
  token,   ///< output of the first
  mean,    ///< mean of all outputs
  concat,  ///< all outputs, concatenated
};

struct LatentPoolOptions {
  std::int64_t heads = 8;
  std::int64_t latents = 1;  ///< number of learned queries
  LatentPoolType pool_type = LatentPoolType::token;
  std::int64_t out_features = 0;  ///< of each latent's output; 0 = as many as the positions have channels
  bool projection = true;  ///< linear layer and feed-forward layers behind the heads; timm's out_features 0 leaves them out
  double mlp_ratio = 4;    ///< width of the feed-forward layers' hidden layer / out_features
  Activation activation = Activation::gelu;  ///< of the feed-forward layers
  bool qkv_bias = true;
  bool qk_norm = false;    ///< layer norm of queries and keys in every head
  bool norm = false;       ///< layer norm in front of the feed-forward layers
  bool positions = false;  ///< add learned position embeddings
  double dropout = 0;      ///< dropout probability of the heads' output, in training
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// Multi-head attention pooling with learned queries, the head of "Scaling Vision Transformers", arXiv:2106.04560: latent
/// tokens are the queries, the positions are keys and values; with y the output of the heads behind a linear layer, the
/// result is y + MLP(norm(y)). y, the norm and the MLP have out_features features; without `projection` the result is what
/// the heads give. Parameter names, defaults and initialisation are timm's (`latent`, `q`, `kv`, `q_norm`,
/// `k_norm`, `proj`, `norm`, `mlp.fc1`, `mlp.fc2`, `pos_embed`). Differs from the paper: no norm unless `norm` is set, as in
/// timm. Differs from timm: position embeddings are resampled for a grid of another size; several latents can be
/// concatenated; latents and position embeddings are initially normal, where timm truncates at two standard deviations.
class LatentPoolImpl final : public Pool, public SelfInitialising {
 public:
  /// @param channels C of the features; with positions, the whole shape `in` of the features is needed. @param norm_epsilon
  /// of its norms, from 1e-12 to 1. @throws InputError when an option is out of its range or without effect, unless the
  /// channels divide into heads, or when the network gives a query.
  explicit LatentPoolImpl(std::int64_t channels, LatentPoolOptions options = {});
  explicit LatentPoolImpl(const FeatureShape& in, LatentPoolOptions options = {});
  explicit LatentPoolImpl(const InsertionPoint& point, LatentPoolOptions options = {}, double norm_epsilon = 1e-5);

  /// @return [N, out_features()], with LatentPoolType::concat of all latents. Hooks see the weights [N, heads, latents, L].
  /// @throws ShapeError unless the features are [N, C, H, W] or [N, L, C]; with positions, tokens have to be as many as the
  /// insertion point's positions.
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override;

  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  LatentPoolOptions options_;
  double norm_epsilon_;
  std::vector<std::int64_t> grid_;
  std::int64_t latent_features_;  ///< of each latent's output
  torch::Tensor latent_;          ///< [1, latents, C]
  torch::Tensor pos_embed_;       ///< [H W, C]
  torch::nn::Linear q_{nullptr}, kv_{nullptr}, proj_{nullptr};
  torch::nn::LayerNorm q_norm_{nullptr}, k_norm_{nullptr}, norm_{nullptr};
  std::shared_ptr<FeedForwardImpl> mlp_;
};
TORCH_MODULE(LatentPool);

}  // namespace fovea
