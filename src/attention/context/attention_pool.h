#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/context/token_pool.h>

namespace fovea {

using AttentionPoolOptions = TokenPoolOptions;

/// Attention pooling with learned position embeddings, "Learning Transferable Visual Models From Natural Language
/// Supervision" (CLIP), arXiv:2103.00020. The mean of the positions is put in front of them, position embeddings are added,
/// and multi-head attention pools all tokens with the first as its query; a linear layer follows.
/// Parameter names, defaults and initialisation are timm's (`pos_embed`, `qkv` or `q`, `k`, `v`, `proj`, `cls_token`). The
/// position embeddings are those of the insertion point's grid; for a grid of another size they are resampled as in timm.
/// Differs from the paper: its last layer has a size of its own (out_features), and its heads have 64 features; fewer than
/// 64 channels make one head here. Differs from timm: any grid may be stored and read (timm takes the stored one for a
/// square whenever H != W), class_token works with any embed_channels, and qkv_bias can be off.
class AttentionPoolImpl final : public TokenPool {
 public:
  /// @param in shape of the features. @throws InputError when an option is out of its range or does not fit.
  explicit AttentionPoolImpl(const FeatureShape& in, AttentionPoolOptions options = {});
  explicit AttentionPoolImpl(const InsertionPoint& point, AttentionPoolOptions options = {});

  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  /// @throws ShapeError for tokens whose number differs from the insertion point's positions.
  Positions input_positions(const torch::Tensor& features) const override;
  torch::Tensor with_positions(const torch::Tensor& tokens, const Positions& positions) const override;

 private:
  std::vector<std::int64_t> grid_;
  torch::Tensor pos_embed_;  ///< [1 + H W, C]
};
TORCH_MODULE(AttentionPool);

}  // namespace fovea
