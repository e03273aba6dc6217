#include <cmath>

#include <fovea/attention/context/attention_pool.h>
#include <fovea/attention/context/grid_positions.h>

namespace fovea {

AttentionPool::AttentionPool(const Site& site, const AttentionPoolOptions& options)
    : TokenPool("AttentionPool", "attention_pool", site, options), grid_({site.in.height, site.in.width}) {
  pos_embed_ = register_parameter("pos_embed", torch::zeros({1 + grid_[0] * grid_[1], channels()}));
}

void AttentionPool::initialise(const RandomStream& stream) {
  TokenPool::initialise(stream);
  fill_normal(pos_embed_, stream.child("pos_embed"), 1 / std::sqrt(static_cast<double>(channels())));
}

Cells AttentionPool::arriving(const torch::Tensor& features) const {
  const Cells cells = TokenPool::arriving(features);
  expect_positions_fit(*this, cells, grid_);
  return cells;
}

torch::Tensor AttentionPool::with_positions(const torch::Tensor& tokens, const Cells& cells) const {
  return tokens + resample_positions(pos_embed_, grid_, cells.grid.empty() ? grid_ : cells.grid);
}

}  // namespace fovea
