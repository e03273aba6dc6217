#include <fovea/attention/positions.h>
#include <fovea/attention/self/external_attention.h>
#include <fovea/attention/self/grid_heads.h>

namespace fovea {

void ExternalAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("memory_units", memory_units, {1, 1 << 16}, "how many keys and values the learned memory holds");
}

ExternalAttentionImpl::ExternalAttentionImpl(const InsertionPoint& point, const ExternalAttentionOptions& options)
    : Mixer("ExternalAttention"), channels_(point.in.channels), stride_(point.stride) {
  const auto linear = [](std::int64_t in, std::int64_t out) {
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false));
  };
  mk_ = register_module("mk", linear(channels_, options.memory_units));
  mv_ = register_module("mv", linear(options.memory_units, point.out_channels));
}

torch::Tensor ExternalAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto positions = positions_of(*this, features, channels_);
  // Dividing by the sum over units is a softmax of logarithms, which also holds where every weight is tiny.
  const auto weights = mk_(positions.values).log_softmax(1).softmax(2).unsqueeze(1);  // [N, 1, H W, S]
  const HookedTensor about{MapKind::pairwise, Meaning::weights, positions.grid, {}};
  const auto read = mv_(context.hook(*this, about, weights).squeeze(1));  // [N, H W, out]
  return thinned(to_grid(read, positions.grid[0], positions.grid[1]), stride_);
}

}  // namespace fovea
