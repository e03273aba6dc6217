#include <cmath>

#include <fovea/attention/context/attention_pool.h>
#include <fovea/attention/context/grid_positions.h>
#include <fovea/options/check.h>

namespace fovea {

AttentionPoolImpl::AttentionPoolImpl(const FeatureShape& in, AttentionPoolOptions options)
    : AttentionPoolImpl(InsertionPoint{.kind = InsertionKind::pool, .in = in}, options) {}

AttentionPoolImpl::AttentionPoolImpl(const InsertionPoint& point, AttentionPoolOptions options)
    : TokenPool("AttentionPool", "attention_pool", expect_size(point, "AttentionPool"),
                expect_in_range(options, "AttentionPool")),
      grid_({point.in.height, point.in.width}) {
  pos_embed_ = register_parameter("pos_embed", torch::zeros({1 + grid_[0] * grid_[1], channels()}));
  AttentionPoolImpl::initialise(construction_stream());
}

std::shared_ptr<torch::nn::Module> AttentionPoolImpl::rebuilt() const {
  return std::make_shared<AttentionPoolImpl>(point(), options());
}

void AttentionPoolImpl::initialise(const RandomStream& stream) {
  TokenPool::initialise(stream);
  fill_normal(pos_embed_, stream.child("pos_embed"), 1 / std::sqrt(static_cast<double>(channels())));
}

Positions AttentionPoolImpl::input_positions(const torch::Tensor& features) const {
  const Positions positions = TokenPool::input_positions(features);
  expect_positions_fit(*this, positions, grid_);
  return positions;
}

torch::Tensor AttentionPoolImpl::with_positions(const torch::Tensor& tokens, const Positions& positions) const {
  return tokens + resample_positions(pos_embed_, grid_, positions.grid.empty() ? grid_ : positions.grid);
}

}  // namespace fovea
