#include <fovea/attention/context/learned_query.h>
#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/head_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void LearnedQueryOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("heads", heads, {1, 1 << 12}, "number of heads, a divisor of the channels");
  selection.visit_fields(fields);
}

LearnedQueryImpl::LearnedQueryImpl(std::int64_t channels, LearnedQueryOptions options)
    : LearnedQueryImpl(InsertionPoint{.kind = InsertionKind::pool, .in = {channels}}, options) {}

LearnedQueryImpl::LearnedQueryImpl(const InsertionPoint& point, LearnedQueryOptions options)
    : Pool("LearnedQuery"),
      point_(expect_channels(point, "LearnedQuery")),
      options_(expect_in_range(options, "LearnedQuery")) {
  expect_divides(point.in.channels, options.heads, "learned_query: heads");
  expect_effect(options.selection, "learned_query");
  expect_no_outer_query(point, "learned_query");
  query_ = register_parameter("query", torch::zeros({point.in.channels}));
}

torch::Tensor LearnedQueryImpl::attend(const PoolInput& input, ForwardContext& context) {
  const std::int64_t channels = point_.in.channels, heads = options_.heads;
  const Positions positions = positions_of(*this, input.features, channels);
  const auto query = split_heads(query_.expand({positions.values.size(0), 1, channels}), heads);  // [N, heads, 1, d]
  const auto values = split_heads(positions.values, heads);                                       // [N, heads, L, d]
  return scaled_dot_product_attention(*this, query, values, values, {.key_grid = positions.grid}, context,
                                      options_.selection)
      .squeeze(1);
}

void LearnedQueryImpl::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  query_.zero_();
}

std::shared_ptr<torch::nn::Module> LearnedQueryImpl::rebuilt() const {
  return std::make_shared<LearnedQueryImpl>(point_, options_);
}

}  // namespace fovea
