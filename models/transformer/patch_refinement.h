#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/self/self_attention.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/context_argument.h>
#include <fovea/options/check.h>

namespace fovea {

/// Patch representation refinement, the pooling of "Locality-Attending Vision Transformer", arXiv:2603.04892: multi-head
/// self-attention of the tokens without parameters, so that the pooled vector depends on every patch.
/// Differs from the paper: without a class token, the mean of the refined tokens, as in timm.
class PatchRefinementImpl final : public CloneableModule {
 public:
  /// @param heads a divisor of the tokens' channels.
  explicit PatchRefinementImpl(std::int64_t heads)
      : CloneableModule("PatchRefinement"), heads_(expect_positive(heads, "PatchRefinement: heads")) {}

  /// @param tokens [N, P + h w, C]. @return [N, C]: the first refined token, or without a prefix the mean of all. Hooks see
  /// pairwise weights [N, heads, L, L].
  torch::Tensor forward(const torch::Tensor& tokens, ContextArgument context = {}, const TokenLayout& layout = {});

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override { return std::make_shared<PatchRefinementImpl>(heads_); }
  FORWARD_HAS_DEFAULT_ARGS({1, torch::nn::AnyValue(ContextArgument())}, {2, torch::nn::AnyValue(TokenLayout())})

 private:
  std::int64_t heads_;
};
TORCH_MODULE(PatchRefinement);

}  // namespace fovea
