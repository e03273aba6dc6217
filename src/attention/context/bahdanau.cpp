#include <fovea/attention/context/bahdanau.h>
#include <fovea/attention/context/plain_linear.h>
#include <fovea/attention/context/position_weights.h>
#include <fovea/attention/positions.h>

namespace fovea {

void BahdanauOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("hidden", hidden, {0, 1 << 16}, "width of the score's hidden layer; 0 = the positions' channels");
  visit_query_source(fields, query);
}

BahdanauImpl::BahdanauImpl(const InsertionPoint& point, const BahdanauOptions& options)
    : Pool("Bahdanau"), channels_(point.in.channels) {
  const std::int64_t hidden = options.hidden > 0 ? options.hidden : channels_;
  query_ = register_module("query", std::make_shared<PoolQueryImpl>(point, options.query));
  W_ = register_module("W", plain_linear(query_->features(), hidden));
  U_ = register_module("U", plain_linear(channels_, hidden));
  v_ = register_module("v", plain_linear(hidden, 1));
}

torch::Tensor BahdanauImpl::attend(const PoolInput& input, ForwardContext& context) {
  const Positions positions = positions_of(*this, input.features, channels_);
  const auto query = query_->forward(input.query, positions.values);
  const auto weights = torch::softmax(scores(positions.values, query), 1);  // [N, L]
  return weighted_sum(hook_position_weights(*this, weights, positions, Meaning::weights, context), positions);
}

torch::Tensor BahdanauImpl::scores(const torch::Tensor& positions, const torch::Tensor& query) {
  return v_(torch::tanh(W_(query).unsqueeze(1) + U_(positions))).squeeze(2);
}

}  // namespace fovea
