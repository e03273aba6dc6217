#include <fovea/attention/cells.h>
#include <fovea/attention/context/learned_query.h>
#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/head_attention.h>

namespace fovea {

void LearnedQueryOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("heads", heads, {1, 1 << 12}, "parts of the channels with weights of their own");
}

LearnedQuery::LearnedQuery(const Site& site, const LearnedQueryOptions& options)
    : Pool("LearnedQuery"), channels_(site.in.channels), heads_(options.heads) {
  expect_divides(channels_, heads_, "learned_query: heads");
  expect_no_outer_query(site, "learned_query");
  query_ = register_parameter("query", torch::zeros({channels_}));
}

torch::Tensor LearnedQuery::forward(const PoolInput& input, ForwardContext& context) {
  const Cells cells = cells_of(*this, input.features, channels_);
  const auto query = split_heads(query_.expand({cells.values.size(0), 1, channels_}), heads_);  // [N, heads, 1, d]
  const auto values = split_heads(cells.values, heads_);                                        // [N, heads, L, d]
  return attend_in_heads(*this, query, values, values, {.key_grid = cells.grid}, context).squeeze(1);
}

void LearnedQuery::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  query_.zero_();
}

}  // namespace fovea
