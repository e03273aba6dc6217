#include <limits>
#include <vector>

#include <fovea/attention/context/internal/plain_linear.h>
#include <fovea/attention/context/internal/position_weights.h>
#include <fovea/attention/context/luong.h>
#include <fovea/attention/context/luong_local.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Number of positions along each axis, x first: [axes].
torch::Tensor local_extent(const Positions& positions, bool is_sequence) {
  const std::vector<std::int64_t> sizes = is_sequence ? std::vector<std::int64_t>{positions.values.size(1)}
                                                      : std::vector<std::int64_t>{positions.grid[1], positions.grid[0]};
  return torch::tensor(sizes).to(positions.values.options());
}

/// Coordinates of the positions, x first: [L, axes].
torch::Tensor local_positions(const Positions& positions, bool is_sequence) {
  const auto options = positions.values.options();
  if (is_sequence) return torch::arange(positions.values.size(1), options).unsqueeze(1);
  const auto x = torch::arange(positions.grid[1], options).repeat({positions.grid[0]});
  const auto y = torch::arange(positions.grid[0], options).repeat_interleave(positions.grid[1]);
  return torch::stack({x, y}, 1);
}

}  // namespace

void LuongLocalOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("mode", mode, {{"m", LocalMode::monotonic}, {"p", LocalMode::predictive}},
                "centre of the window: m as given, or the middle; p as predicted from the query");
  fields.integer("window", window, {1, 1 << 16},
                 "largest distance of an attended position from the centre, along every axis");
  fields.integer("hidden", hidden, {0, 1 << 16},
                 "width of the hidden layer that predicts the centre in mode p; 0 = length of the query");
  fields.integer("out_features", out_features, {0, 1 << 16}, "length of the result; 0 = the positions' channels");
  visit_query_source(fields, query);
  selection.visit_fields(fields);
}

LuongLocalImpl::LuongLocalImpl(std::int64_t channels, LuongLocalOptions options)
    : LuongLocalImpl(FeatureShape{channels}, options) {}

LuongLocalImpl::LuongLocalImpl(const FeatureShape& in, LuongLocalOptions options)
    : LuongLocalImpl(InsertionPoint{.kind = InsertionKind::pool, .in = in}, options) {}

LuongLocalImpl::LuongLocalImpl(const InsertionPoint& point, LuongLocalOptions options)
    : Pool("LuongLocal"),
      point_(expect_channels(point, "LuongLocal")),
      options_(expect_in_range(options, "LuongLocal")),
      built_for_sequence_(point.in.height == 1) {
  expect_effect(options.selection, "luong_local");
  if (options.selection.is_hard() && options.mode == LocalMode::predictive) {
    throw InputError("luong_local: selects", "soft in mode p, whose weights do not sum to one", "hard");
  }
  query_ = register_module("query", std::make_shared<PoolQueryImpl>(point, options.query, "luong_local"));
  const std::int64_t channels = point.in.channels, query_features = query_->features();
  W_a_ = register_module("W_a", plain_linear(channels, query_features));
  if (options.mode == LocalMode::predictive) {
    const std::int64_t hidden = options.hidden > 0 ? options.hidden : query_features;
    W_p_ = register_module("W_p", plain_linear(query_features, hidden));
    v_p_ = register_module("v_p", plain_linear(hidden, built_for_sequence_ ? 1 : 2));
  } else if (options.hidden > 0) {
    throw InputError("luong_local: hidden", "0 in mode m", std::to_string(options.hidden));
  }
  const std::int64_t out_features = options.out_features > 0 ? options.out_features : channels;
  W_c_ = register_module("W_c", plain_linear(channels + query_features, out_features));
}

torch::Tensor LuongLocalImpl::attend(const PoolInput& input, ForwardContext& context) {
  const Positions positions = positions_of(*this, input.features, point_.in.channels);
  const auto query = query_->forward(input.query, positions.values);
  return torch::tanh(W_c_(torch::cat({attended(positions, query, input.position, context), query}, 1)));
}

torch::Tensor LuongLocalImpl::attended(const Positions& positions, const torch::Tensor& query, const torch::Tensor& position,
                                       ForwardContext& context) {
  const auto from_centre =
      local_positions(positions, is_sequence(positions)) - centre(positions, query, position).unsqueeze(1);  // [N, L, axes]
  const auto window = static_cast<double>(options_.window);
  const auto outside = (from_centre.abs() > window).any(2);  // [N, L]
  const auto scores = general_scores(positions.values, query, W_a_->weight);
  const auto inside = scores.masked_fill(outside, -std::numeric_limits<double>::infinity());
  if (options_.mode == LocalMode::monotonic) {
    if (options_.selection.is_hard()) expect_choices_inside(outside);
    return select_positions(*this, inside, positions, options_.selection, context);
  }
  const double standard_deviation = window / 2;
  const auto factors = torch::exp(from_centre.square().sum(2) / (-2 * standard_deviation * standard_deviation));
  const auto weights = torch::softmax(inside, 1) * factors;  // they sum to less than one
  return weighted_sum(hook_position_weights(*this, weights, positions, Meaning::gate, context), positions);
}

void LuongLocalImpl::expect_choices_inside(const torch::Tensor& outside) const {
  const auto fewest = outside.logical_not().sum(1).min().item<std::int64_t>();
  if (fewest >= options_.selection.choices) return;
  throw ShapeError(name(),
                   "a window of at least " + std::to_string(options_.selection.choices) + " positions, as many as choices",
                   "one of " + std::to_string(fewest));
}

torch::Tensor LuongLocalImpl::centre(const Positions& positions, const torch::Tensor& query, const torch::Tensor& position) {
  const auto extent = local_extent(positions, is_sequence(positions));
  const std::int64_t images = query.size(0), axes = extent.size(0);
  if (options_.mode == LocalMode::predictive) {
    if (v_p_->options.out_features() == axes) return extent * torch::sigmoid(v_p_(torch::tanh(W_p_(query))));
    throw ShapeError(name(), "[N, " + std::to_string(point_.in.channels) + ", H, W], as the centre has two axes",
                     "tokens " + shape_text(positions.values));
  }
  if (!position.defined()) return ((extent - 1) / 2).expand({images, axes});
  const bool fits = position.dim() > 0 && position.size(0) == images && position.numel() == images * axes;
  if (fits) return position.to(extent.options()).reshape({images, axes}).clamp_min(0).minimum(extent - 1);
  throw ShapeError(name(), "a position [" + std::to_string(images) + (axes == 1 ? "]" : ", 2]"), shape_text(position));
}

bool LuongLocalImpl::is_sequence(const Positions& positions) const {
  return positions.grid.empty() || (built_for_sequence_ && positions.grid[0] == 1);
}

std::shared_ptr<torch::nn::Module> LuongLocalImpl::rebuilt() const {
  return std::make_shared<LuongLocalImpl>(point_, options_);
}

}  // namespace fovea
