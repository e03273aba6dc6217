#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/self/self_attention.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/context_argument.h>

namespace fovea {

/// Self-attention with talking heads, "Talking-Heads Attention", arXiv:2003.02436: a linear layer over the heads before the
/// softmax (`proj_l`) and one after it (`proj_w`). Parameter names are timm's (`qkv`, `proj_l`, `proj_w`, `proj`).
/// Differs from the paper: queries, keys and values have the same number of heads, and the two layers have biases, as in
/// "Going deeper with Image Transformers", arXiv:2103.17239.
class TalkingHeadsImpl final : public CloneableModule {
 public:
  /// @param channels a multiple of `heads`. @param qkv_bias biases of queries, keys and values. @throws InputError when
  /// channels and heads do not fit.
  explicit TalkingHeadsImpl(std::int64_t channels, std::int64_t heads = 1, bool qkv_bias = true);

  /// @param tokens [N, L, C]. @param layout for attention maps. @return the same shape. Hooks see pairwise weights [N,
  /// heads, L, L] after the softmax and before proj_w: rows sum to one.
  torch::Tensor forward(const torch::Tensor& tokens, ContextArgument context = {}, const TokenLayout& layout = {});

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  FORWARD_HAS_DEFAULT_ARGS({1, torch::nn::AnyValue(ContextArgument())}, {2, torch::nn::AnyValue(TokenLayout())})

 private:
  std::int64_t channels_, heads_;
  bool qkv_bias_;
  torch::nn::Linear qkv_{nullptr}, proj_l_{nullptr}, proj_w_{nullptr}, proj_{nullptr};
};
TORCH_MODULE(TalkingHeads);

}  // namespace fovea
