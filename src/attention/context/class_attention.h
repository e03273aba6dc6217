#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/selection.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/context_argument.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

struct ClassAttentionOptions {
  std::int64_t heads = 8;
  bool qkv_bias = false;
  double dropout = 0;  ///< dropout probability of the pool's result, in training
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// Class attention, "Going deeper with Image Transformers" (CaiT), arXiv:2103.17239: multi-head attention with the first
/// token as its query and all tokens, the first included, as its keys and values; a linear layer follows. No norm, no
/// residual. Parameter names are timm's (`q`, `k`, `v`, `proj`). Differs from the paper: no biases of q, k and v unless
/// qkv_bias, as in timm.
class ClassAttentionImpl final : public CloneableModule {
 public:
  /// @param channels C of the tokens. @throws InputError when an option is out of its range, or unless the channels divide
  /// into heads.
  explicit ClassAttentionImpl(std::int64_t channels, ClassAttentionOptions options = {});

  /// @param tokens [N, 1 + L, C], the class token first. @param grid {height, width} of the others; empty without a grid.
  /// @return [N, 1, C]. Hooks see the weights [N, heads, 1, 1 + L]. @throws ShapeError.
  torch::Tensor forward(const torch::Tensor& tokens, const std::vector<std::int64_t>& grid = {},
                        ContextArgument context = {});

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  FORWARD_HAS_DEFAULT_ARGS({1, torch::nn::AnyValue(std::vector<std::int64_t>())},
                           {2, torch::nn::AnyValue(ContextArgument())})

 private:
  std::int64_t channels_;
  ClassAttentionOptions options_;
  torch::nn::Linear q_{nullptr}, k_{nullptr}, v_{nullptr}, proj_{nullptr};
};
TORCH_MODULE(ClassAttention);

/// Class attention as a pool: a learned class token, `cls_token`, goes in front of the positions, and its class attention
/// (`attn`) is the result. The token is initially normal with a standard deviation of 0.02, as in timm.
class ClassAttentionPoolImpl final : public Pool, public SelfInitialising {
 public:
  /// @param channels C of the features. @throws InputError when an option is out of its range, unless the channels divide
  /// into heads, or when the network gives a query.
  explicit ClassAttentionPoolImpl(std::int64_t channels, ClassAttentionOptions options = {});
  explicit ClassAttentionPoolImpl(const InsertionPoint& point, ClassAttentionOptions options = {});

  /// @return [N, C]. @throws ShapeError unless the features are [N, C, H, W] or [N, L, C].
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override { return point_.in.channels; }

  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  ClassAttentionOptions options_;
  torch::Tensor cls_token_;  ///< [1, 1, C]
  std::shared_ptr<ClassAttentionImpl> attn_;
};
TORCH_MODULE(ClassAttentionPool);

}  // namespace fovea
