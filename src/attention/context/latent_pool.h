#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/context/feed_forward.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// What becomes of several latent tokens.
enum class LatentPoolType {
  token,   ///< the first one's answer
  mean,    ///< the mean of all
  concat,  ///< all, one behind the other
};

struct LatentPoolOptions {
  std::int64_t heads = 8;
  std::int64_t latents = 1;  ///< number of learned tokens that ask
  LatentPoolType pool_type = LatentPoolType::token;
  double mlp_ratio = 4;  ///< width of the feed-forward layers' middle / channels
  bool qkv_bias = true;
  bool qk_norm = false;    ///< layer norm of queries and keys in every head
  bool norm = false;       ///< layer norm in front of the feed-forward layers
  bool positions = false;  ///< learned position vectors added to the positions
  double dropout = 0;      ///< of what was gathered, in training

  double norm_epsilon = 1e-5;  ///< of the norms; a network sets it, not the user

  void visit_fields(FieldVisitor& fields);
};

/// Pooling by learned tokens, the head of "Scaling Vision Transformers", arXiv:2106.04560: latent tokens ask the positions
/// by scaled dot products in several heads; with y their answer behind a linear layer, y + MLP(norm(y)) comes out. Parameter
/// names, defaults and starting values are timm's (`latent`, `q`, `kv`, `q_norm`, `k_norm`, `proj`, `norm`, `mlp.fc1`,
/// `mlp.fc2`, `pos_embed`). Differs from the paper: no norm unless `norm` is set, as in timm. Differs from timm: positions
/// are resampled for a grid of another size; several latents can be concatenated; latents and positions start normal,
/// without timm's cut at two deviations.
class LatentPoolImpl final : public Pool, public SelfInitialising {
 public:
  /// @throws InputError unless the channels divide into heads, or when a query comes from outside.
  LatentPoolImpl(const InsertionPoint& point, const LatentPoolOptions& options);

  /// @return [N, out_features()]. Hooks see the weights [N, heads, latents, L]. @throws ShapeError unless the features are
  /// [N, C, H, W] or [N, L, C]; with positions, tokens have to be as many as the site's positions.
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override;

  void initialise(const RandomStream& stream) override;

 private:
  std::int64_t channels_, heads_;
  LatentPoolType pool_type_;
  double dropout_;
  std::string path_;
  std::vector<std::int64_t> grid_;
  torch::Tensor latent_;     ///< [1, latents, C]
  torch::Tensor pos_embed_;  ///< [H W, C]
  torch::nn::Linear q_{nullptr}, kv_{nullptr}, proj_{nullptr};
  torch::nn::LayerNorm q_norm_{nullptr}, k_norm_{nullptr}, norm_{nullptr};
  std::shared_ptr<FeedForwardImpl> mlp_;
};
TORCH_MODULE(LatentPool);

}  // namespace fovea
