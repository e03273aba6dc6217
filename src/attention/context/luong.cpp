#include <fovea/attention/context/internal/plain_linear.h>
#include <fovea/attention/context/internal/position_weights.h>
#include <fovea/attention/context/luong.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/check.h>

namespace fovea {

void LuongOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("score", score,
                {{"dot", LuongScore::dot},
                 {"general", LuongScore::general},
                 {"concat", LuongScore::concat},
                 {"location", LuongScore::location}},
                "score of a position for the query");
  fields.integer("hidden", hidden, {0, 1 << 16}, "width of the hidden layer of concat; 0 = the positions' channels");
  fields.integer("out_features", out_features, {0, 1 << 16}, "length of the result; 0 = the positions' channels");
  visit_query_source(fields, query);
  selection.visit_fields(fields);
}

LuongImpl::LuongImpl(std::int64_t channels, LuongOptions options) : LuongImpl(FeatureShape{channels}, options) {}

LuongImpl::LuongImpl(const FeatureShape& in, LuongOptions options)
    : LuongImpl(InsertionPoint{.kind = InsertionKind::pool, .in = in}, options) {}

LuongImpl::LuongImpl(const InsertionPoint& point, LuongOptions options)
    : Pool("Luong"), point_(expect_channels(point, "Luong")), options_(expect_in_range(options, "Luong")) {
  expect_effect(options.selection, "luong");
  query_ = register_module("query", std::make_shared<PoolQueryImpl>(point, options.query, "luong"));
  const std::int64_t channels = point.in.channels, query_features = query_->features();
  if (options.hidden > 0 && options.score != LuongScore::concat) {
    throw InputError("luong: hidden", "0 with a score other than concat", std::to_string(options.hidden));
  }
  switch (options.score) {
    case LuongScore::dot:
      if (query_features == channels) break;
      throw InputError("luong: score",
                       "general or concat for a query of " + std::to_string(query_features) + " features and positions of " +
                           std::to_string(channels) + " channels",
                       "dot");
    case LuongScore::general:
      W_a_ = register_module("W_a", plain_linear(channels, query_features));
      break;
    case LuongScore::concat: {
      const std::int64_t hidden = options.hidden > 0 ? options.hidden : channels;
      W_a_ = register_module("W_a", plain_linear(query_features + channels, hidden));
      v_a_ = register_module("v_a", plain_linear(hidden, 1));
      break;
    }
    case LuongScore::location:
      expect_size(point, "Luong");
      W_a_ = register_module("W_a", plain_linear(query_features, point.in.height * point.in.width));
  }
  const std::int64_t out_features = options.out_features > 0 ? options.out_features : channels;
  W_c_ = register_module("W_c", plain_linear(channels + query_features, out_features));
}

torch::Tensor LuongImpl::attend(const PoolInput& input, ForwardContext& context) {
  const Positions positions = positions_of(*this, input.features, point_.in.channels);
  const auto query = query_->forward(input.query, positions.values);
  return torch::tanh(W_c_(torch::cat({attended(positions, query, context), query}, 1)));
}

torch::Tensor LuongImpl::attended(const Positions& positions, const torch::Tensor& query, ForwardContext& context) {
  return select_positions(*this, scores(positions.values, query), positions, options_.selection, context);
}

torch::Tensor LuongImpl::scores(const torch::Tensor& positions, const torch::Tensor& query) {
  switch (options_.score) {
    case LuongScore::general:
      return general_scores(positions, query, W_a_->weight);
    case LuongScore::concat: {
      const auto halves =
          W_a_->weight.split_with_sizes({query.size(1), positions.size(2)}, 1);  // W_a [q; h] = W_q q + W_h h
      const auto hidden = torch::linear(query, halves[0]).unsqueeze(1) + torch::linear(positions, halves[1]);
      return v_a_(torch::tanh(hidden)).squeeze(2);
    }
    case LuongScore::location: {
      auto scores = W_a_(query);
      if (scores.size(1) == positions.size(1)) return scores;
      throw ShapeError(name(), std::to_string(scores.size(1)) + " positions, as it was built for", shape_text(positions));
    }
    case LuongScore::dot:
      break;
  }
  return torch::bmm(positions, query.unsqueeze(2)).squeeze(2);
}

std::shared_ptr<torch::nn::Module> LuongImpl::rebuilt() const {
  return std::make_shared<LuongImpl>(point_, options_);
}

torch::Tensor general_scores(const torch::Tensor& positions, const torch::Tensor& query, const torch::Tensor& weight) {
  return torch::bmm(positions, torch::mm(query, weight).unsqueeze(2)).squeeze(2);  // (W_a^T q) . h
}

}  // namespace fovea
