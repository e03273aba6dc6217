#include <fovea/attention/context/learned_query.h>
#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/head_attention.h>
#include <fovea/attention/positions.h>

namespace fovea {

void LearnedQueryOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("heads", heads, {1, 1 << 12}, "parts of the channels with weights of their own");
}

LearnedQueryImpl::LearnedQueryImpl(const InsertionPoint& point, const LearnedQueryOptions& options)
    : Pool("LearnedQuery"), channels_(point.in.channels), heads_(options.heads) {
  expect_divides(channels_, heads_, "learned_query: heads");
  expect_no_outer_query(point, "learned_query");
  query_ = register_parameter("query", torch::zeros({channels_}));
}

torch::Tensor LearnedQueryImpl::attend(const PoolInput& input, ForwardContext& context) {
  const Positions positions = positions_of(*this, input.features, channels_);
  const auto query = split_heads(query_.expand({positions.values.size(0), 1, channels_}), heads_);  // [N, heads, 1, d]
  const auto values = split_heads(positions.values, heads_);                                        // [N, heads, L, d]
  return scaled_dot_product_attention(*this, query, values, values, {.key_grid = positions.grid}, context).squeeze(1);
}

void LearnedQueryImpl::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  query_.zero_();
}

}  // namespace fovea
