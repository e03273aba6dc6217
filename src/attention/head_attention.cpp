#include <cmath>
#include <utility>

#include <fovea/attention/head_attention.h>

namespace fovea {

torch::Tensor scaled_dot_product_attention(const torch::nn::Module& module, const torch::Tensor& query,
                                           const torch::Tensor& key, const torch::Tensor& value, HookedTensor about,
                                           ForwardContext& context, const Selection& selection) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
  const auto scores = torch::matmul(query * scale, key.transpose(2, 3));
  return attend_by_scores(module, scores, value, std::move(about), context, selection);
}

torch::Tensor attend_by_scores(const torch::nn::Module& module, const torch::Tensor& scores, const torch::Tensor& value,
                               HookedTensor about, ForwardContext& context, const Selection& selection) {
  const SelectedElements selected = select_elements(module, scores, about, selection, context);
  const auto shape = selected.weights.sizes().vec();  // [N, heads, Q, K]
  auto weights = selected.weights;
  about.kind = MapKind::pairwise;
  about.meaning = Meaning::weights;
  if (shape[1] == 1 && shape[2] == 1 && about.prefix_tokens == 0 && !about.key_grid.empty()) {
    weights = weights.reshape({shape[0], 1, about.key_grid[0], about.key_grid[1]});
    about.kind = MapKind::spatial;
    about.query_grid.clear();
    about.key_grid.clear();
  }
  const auto hooked = context.hook(module, about, weights);
  return merge_heads(hooked.is_same(weights) ? selected.sum(value) : torch::matmul(hooked.reshape(shape), value));
}

}  // namespace fovea
