#include <sstream>

#include <fovea/attention/context/luong.h>
#include <fovea/attention/context/plain_linear.h>
#include <fovea/attention/context/position_weights.h>
#include <fovea/base/error.h>

namespace fovea {

void LuongOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("score", score,
                {{"dot", LuongScore::dot},
                 {"general", LuongScore::general},
                 {"concat", LuongScore::concat},
                 {"location", LuongScore::location}},
                "how well a position answers the query");
  fields.integer("hidden", hidden, {0, 1 << 16}, "width of the hidden layer of concat; 0 = the positions' channels");
  fields.integer("out_features", out_features, {0, 1 << 16}, "length of the result; 0 = the positions' channels");
  visit_query_source(fields, query);
}

LuongImpl::LuongImpl(const InsertionPoint& point, const LuongOptions& options)
    : Pool("Luong"), channels_(point.in.channels), score_(options.score) {
  query_ = register_module("query", std::make_shared<PoolQueryImpl>(point, options.query));
  const std::int64_t asked = query_->features();
  if (options.hidden > 0 && score_ != LuongScore::concat) {
    throw InputError("luong: hidden", "0 with a score other than concat", std::to_string(options.hidden));
  }
  switch (score_) {
    case LuongScore::dot:
      if (asked == channels_) break;
      throw InputError("luong: score",
                       "general or concat for a query of " + std::to_string(asked) + " features and positions of " +
                           std::to_string(channels_) + " channels",
                       "dot");
    case LuongScore::general:
      W_a_ = register_module("W_a", plain_linear(channels_, asked));
      break;
    case LuongScore::concat: {
      const std::int64_t hidden = options.hidden > 0 ? options.hidden : channels_;
      W_a_ = register_module("W_a", plain_linear(asked + channels_, hidden));
      v_a_ = register_module("v_a", plain_linear(hidden, 1));
      break;
    }
    case LuongScore::location:
      W_a_ = register_module("W_a", plain_linear(asked, point.in.height * point.in.width));
  }
  const std::int64_t out_features = options.out_features > 0 ? options.out_features : channels_;
  W_c_ = register_module("W_c", plain_linear(channels_ + asked, out_features));
}

torch::Tensor LuongImpl::attend(const PoolInput& input, ForwardContext& context) {
  const Positions positions = positions_of(*this, input.features, channels_);
  const auto query = query_->forward(input.query, positions.values);
  return torch::tanh(W_c_(torch::cat({attended(positions, query, context), query}, 1)));
}

torch::Tensor LuongImpl::attended(const Positions& positions, const torch::Tensor& query, ForwardContext& context) {
  const auto weights = torch::softmax(scores(positions.values, query), 1);  // [N, L]
  return weighted_sum(hook_position_weights(*this, weights, positions, Meaning::weights, context), positions);
}

torch::Tensor LuongImpl::scores(const torch::Tensor& positions, const torch::Tensor& query) {
  switch (score_) {
    case LuongScore::general:
      return general_scores(positions, query, W_a_->weight);
    case LuongScore::concat: {
      const auto halves = W_a_->weight.split_with_sizes({query.size(1), channels_}, 1);  // W_a [q; h] = W_q q + W_h h
      const auto hidden = torch::linear(query, halves[0]).unsqueeze(1) + torch::linear(positions, halves[1]);
      return v_a_(torch::tanh(hidden)).squeeze(2);
    }
    case LuongScore::location: {
      auto scores = W_a_(query);
      if (scores.size(1) == positions.size(1)) return scores;
      std::ostringstream got;
      got << positions.sizes();
      throw ShapeError(name(), std::to_string(scores.size(1)) + " positions, as it was built for", got.str());
    }
    case LuongScore::dot:
      break;
  }
  return torch::bmm(positions, query.unsqueeze(2)).squeeze(2);
}

torch::Tensor general_scores(const torch::Tensor& positions, const torch::Tensor& query, const torch::Tensor& weight) {
  return torch::bmm(positions, torch::mm(query, weight).unsqueeze(2)).squeeze(2);  // (W_a^T q) . h
}

}  // namespace fovea
