#include <fovea/attention/context/bahdanau.h>
#include <fovea/attention/context/internal/plain_linear.h>
#include <fovea/attention/context/internal/position_weights.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void BahdanauOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("hidden", hidden, {0, 1 << 16}, "width of the score's hidden layer; 0 = the positions' channels");
  visit_query_source(fields, query);
  selection.visit_fields(fields);
}

BahdanauImpl::BahdanauImpl(std::int64_t channels, BahdanauOptions options)
    : BahdanauImpl(InsertionPoint{.kind = InsertionKind::pool, .in = {channels}}, options) {}

BahdanauImpl::BahdanauImpl(const InsertionPoint& point, BahdanauOptions options)
    : Pool("Bahdanau"), point_(expect_channels(point, "Bahdanau")), options_(expect_in_range(options, "Bahdanau")) {
  expect_effect(options.selection, "bahdanau");
  const std::int64_t hidden = options.hidden > 0 ? options.hidden : point.in.channels;
  query_ = register_module("query", std::make_shared<PoolQueryImpl>(point, options.query, "bahdanau"));
  W_ = register_module("W", plain_linear(query_->features(), hidden));
  U_ = register_module("U", plain_linear(point.in.channels, hidden));
  v_ = register_module("v", plain_linear(hidden, 1));
}

torch::Tensor BahdanauImpl::attend(const PoolInput& input, ForwardContext& context) {
  const Positions positions = positions_of(*this, input.features, point_.in.channels);
  const auto query = query_->forward(input.query, positions.values);
  return select_positions(*this, scores(positions.values, query), positions, options_.selection, context);
}

torch::Tensor BahdanauImpl::scores(const torch::Tensor& positions, const torch::Tensor& query) {
  return v_(torch::tanh(W_(query).unsqueeze(1) + U_(positions))).squeeze(2);
}

std::shared_ptr<torch::nn::Module> BahdanauImpl::rebuilt() const {
  return std::make_shared<BahdanauImpl>(point_, options_);
}

}  // namespace fovea
