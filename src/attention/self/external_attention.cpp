#include <fovea/attention/positions.h>
#include <fovea/attention/self/external_attention.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/options/check.h>

namespace fovea {

void ExternalAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("memory_units", memory_units, {1, 1 << 16}, "number of keys and values in the learned memory");
}

ExternalAttentionImpl::ExternalAttentionImpl(std::int64_t in_channels, std::int64_t out_channels,
                                             ExternalAttentionOptions options)
    : ExternalAttentionImpl(InsertionPoint{.kind = InsertionKind::conv, .in = {in_channels}, .out_channels = out_channels},
                            options) {}

ExternalAttentionImpl::ExternalAttentionImpl(const InsertionPoint& point, ExternalAttentionOptions options)
    : Mixer("ExternalAttention"),
      point_(expect_mixer_channels(point, "ExternalAttention")),
      options_(expect_in_range(options, "ExternalAttention")) {
  const auto linear = [](std::int64_t in, std::int64_t out) {
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false));
  };
  mk_ = register_module("mk", linear(point.in.channels, options.memory_units));
  mv_ = register_module("mv", linear(options.memory_units, point.out_channels));
}

torch::Tensor ExternalAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, point_.in.channels);
  const auto positions = positions_of(*this, features, point_.in.channels);
  // Division by the sum over units, as a softmax of logarithms: stable where every weight is tiny.
  const auto weights = mk_(positions.values).log_softmax(1).softmax(2).unsqueeze(1);  // [N, 1, H W, S]
  const HookedTensor about{MapKind::pairwise, Meaning::weights, positions.grid, {}};
  const auto read = mv_(context.hook(*this, about, weights).squeeze(1));  // [N, H W, out]
  return average_strided(to_grid(read, positions.grid[0], positions.grid[1]), point_.stride);
}

std::shared_ptr<torch::nn::Module> ExternalAttentionImpl::rebuilt() const {
  return std::make_shared<ExternalAttentionImpl>(point_, options_);
}

}  // namespace fovea
