#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

struct ClassAttentionOptions {
  std::int64_t heads = 8;
  bool qkv_bias = false;
  double dropout = 0;  ///< of the result, in training

  void visit_fields(FieldVisitor& fields);
};

/// Class attention, "Going deeper with Image Transformers" (CaiT), arXiv:2103.17239: the first token asks all tokens, itself
/// included, by scaled dot products in several heads; a linear layer follows. No norm, no residual.
/// Parameter names are timm's (`q`, `k`, `v`, `proj`). Differs from the paper: no biases of q, k and v unless qkv_bias, as
/// in timm.
class ClassAttentionImpl final : public CloneableModule {
 public:
  /// @throws InputError unless the channels divide into heads.
  ClassAttentionImpl(std::int64_t channels, const ClassAttentionOptions& options);

  /// @param tokens [N, 1 + L, C], the class token first. @param grid {height, width} of the others, {} without one.
  /// @return [N, 1, C]. Hooks see the weights [N, heads, 1, 1 + L]. @throws ShapeError.
  torch::Tensor forward(const torch::Tensor& tokens, const std::vector<std::int64_t>& grid, ForwardContext& context);

 private:
  std::int64_t channels_, heads_;
  torch::nn::Linear q_{nullptr}, k_{nullptr}, v_{nullptr}, proj_{nullptr};
};
TORCH_MODULE(ClassAttention);

/// Class attention as a pool: a learned class token, `cls_token`, goes in front of the positions, and what it gathers
/// (`attn`) comes out. It starts normal with deviation 0.02, as in timm.
class ClassAttentionPoolImpl final : public Pool, public SelfInitialising {
 public:
  /// @throws InputError unless the channels divide into heads, or when a query comes from outside.
  ClassAttentionPoolImpl(const InsertionPoint& point, const ClassAttentionOptions& options);

  /// @return [N, C]. @throws ShapeError unless the features are [N, C, H, W] or [N, L, C].
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override { return channels_; }

  void initialise(const RandomStream& stream) override;

 private:
  std::int64_t channels_;
  double dropout_;
  std::string path_;
  torch::Tensor cls_token_;  ///< [1, 1, C]
  std::shared_ptr<ClassAttentionImpl> attn_;
};
TORCH_MODULE(ClassAttentionPool);

}  // namespace fovea
