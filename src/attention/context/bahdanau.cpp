#include <fovea/attention/cells.h>
#include <fovea/attention/context/bahdanau.h>
#include <fovea/attention/context/cell_weights.h>
#include <fovea/attention/context/plain_linear.h>

namespace fovea {

void BahdanauOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("hidden", hidden, {0, 1 << 16}, "width of the score's hidden layer; 0 = the cells' channels");
  visit_query_source(fields, query);
}

Bahdanau::Bahdanau(const Site& site, const BahdanauOptions& options) : Pool("Bahdanau"), channels_(site.in.channels) {
  const std::int64_t hidden = options.hidden > 0 ? options.hidden : channels_;
  query_ = register_module("query", std::make_shared<PoolQuery>(site, options.query));
  W_ = register_module("W", plain_linear(query_->features(), hidden));
  U_ = register_module("U", plain_linear(channels_, hidden));
  v_ = register_module("v", plain_linear(hidden, 1));
}

torch::Tensor Bahdanau::forward(const PoolInput& input, ForwardContext& context) {
  const Cells cells = cells_of(*this, input.features, channels_);
  const auto query = query_->forward(input.query, cells.values);
  const auto weights = torch::softmax(scores(cells.values, query), 1);  // [N, L]
  return weighted_sum(tap_cell_weights(*this, weights, cells, Meaning::weights, context), cells);
}

torch::Tensor Bahdanau::scores(const torch::Tensor& cells, const torch::Tensor& query) {
  return v_(torch::tanh(W_(query).unsqueeze(1) + U_(cells))).squeeze(2);
}

}  // namespace fovea
