#include <fovea/attention/head_attention.h>
#include <fovea/attention/token_heads.h>
#include <fovea/models/transformer/patch_refinement.h>

namespace fovea {

torch::Tensor PatchRefinementImpl::forward(const torch::Tensor& tokens, ContextArgument context, const TokenLayout& layout) {
  const auto heads = split_heads(tokens, heads_);
  const HookedTensor about{.query_grid = layout.grid, .key_grid = layout.grid, .prefix_tokens = layout.prefix_tokens};
  const auto refined = scaled_dot_product_attention(*this, heads, heads, heads, about, context.of(*this));
  return layout.prefix_tokens > 0 ? refined.select(1, 0) : refined.mean(1);
}

}  // namespace fovea
