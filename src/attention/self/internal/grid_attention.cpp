#include <fovea/attention/self/internal/grid_attention.h>

namespace fovea {

torch::Tensor attend_over_grid(const torch::nn::Module& module, const torch::Tensor& projected, const GridHeads& heads,
                               const RelativePositionImpl* position, bool scale_position, ForwardContext& context) {
  const std::int64_t height = projected.size(2), width = projected.size(3);
  const auto parts = projected.split_with_sizes({heads.queries(), heads.queries(), heads.values()}, 1);
  const auto queries = split_grid_heads(parts[0], heads.heads);               // [N heads, H, W, D]
  const auto keys = split_grid_heads(parts[1], heads.heads).flatten(1, 2);    // [N heads, H W, D]
  const auto values = split_grid_heads(parts[2], heads.heads).flatten(1, 2);  // [N heads, H W, V]
  const auto weights = relative_attention(queries, keys, position, scale_position).unflatten(0, {-1, heads.heads});
  const HookedTensor about{MapKind::pairwise, Meaning::weights, {height, width}, {height, width}};
  const auto hooked = context.hook(module, about, weights);  // [N, heads, H W, H W]
  return merge_grid_heads(torch::bmm(hooked.flatten(0, 1), values), heads.heads, height, width);
}

}  // namespace fovea
