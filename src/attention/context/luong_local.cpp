#include <limits>
#include <sstream>
#include <vector>

#include <fovea/attention/context/cell_weights.h>
#include <fovea/attention/context/luong.h>
#include <fovea/attention/context/luong_local.h>
#include <fovea/attention/context/plain_linear.h>
#include <fovea/base/error.h>

namespace fovea {
namespace {

/// Number of cells along each axis, x first: [axes].
torch::Tensor local_extent(const Cells& cells, bool is_sequence) {
  const std::vector<std::int64_t> sizes = is_sequence ? std::vector<std::int64_t>{cells.values.size(1)}
                                                      : std::vector<std::int64_t>{cells.grid[1], cells.grid[0]};
  return torch::tensor(sizes).to(cells.values.options());
}

/// Where the cells are, x first: [L, axes].
torch::Tensor local_places(const Cells& cells, bool is_sequence) {
  const auto options = cells.values.options();
  if (is_sequence) return torch::arange(cells.values.size(1), options).unsqueeze(1);
  const auto x = torch::arange(cells.grid[1], options).repeat({cells.grid[0]});
  const auto y = torch::arange(cells.grid[0], options).repeat_interleave(cells.grid[1]);
  return torch::stack({x, y}, 1);
}

}  // namespace

void LuongLocalOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("mode", mode, {{"m", LocalMode::monotonic}, {"p", LocalMode::predictive}},
                "where to look: m where it is told to, or the middle; p where the query says");
  fields.integer("window", window, {1, 1 << 16}, "cells up to this far from the centre are attended");
  fields.integer("hidden", hidden, {0, 1 << 16},
                 "width of the hidden layer that predicts the centre in mode p; 0 = length of the query");
  fields.integer("out_features", out_features, {0, 1 << 16}, "length of the result; 0 = the cells' channels");
  visit_query_source(fields, query);
}

LuongLocal::LuongLocal(const Site& site, const LuongLocalOptions& options)
    : Pool("LuongLocal"),
      channels_(site.in.channels),
      mode_(options.mode),
      window_(static_cast<double>(options.window)),
      sequence_site_(site.in.height == 1) {
  query_ = register_module("query", std::make_shared<PoolQuery>(site, options.query));
  const std::int64_t asked = query_->features();
  W_a_ = register_module("W_a", plain_linear(channels_, asked));
  if (mode_ == LocalMode::predictive) {
    const std::int64_t hidden = options.hidden > 0 ? options.hidden : asked;
    W_p_ = register_module("W_p", plain_linear(asked, hidden));
    v_p_ = register_module("v_p", plain_linear(hidden, sequence_site_ ? 1 : 2));
  } else if (options.hidden > 0) {
    throw InputError("luong_local: hidden", "0 in mode m", std::to_string(options.hidden));
  }
  const std::int64_t out_features = options.out_features > 0 ? options.out_features : channels_;
  W_c_ = register_module("W_c", plain_linear(channels_ + asked, out_features));
}

torch::Tensor LuongLocal::forward(const PoolInput& input, ForwardContext& context) {
  const Cells cells = cells_of(*this, input.features, channels_);
  const auto query = query_->forward(input.query, cells.values);
  return torch::tanh(W_c_(torch::cat({attended(cells, query, input.position, context), query}, 1)));
}

torch::Tensor LuongLocal::attended(const Cells& cells, const torch::Tensor& query, const torch::Tensor& position,
                                   ForwardContext& context) {
  const auto from_centre =
      local_places(cells, is_sequence(cells)) - centre(cells, query, position).unsqueeze(1);  // [N, L, axes]
  const auto outside = (from_centre.abs() > window_).any(2);                                  // [N, L]
  const auto scores = general_scores(cells.values, query, W_a_->weight);
  auto weights = torch::softmax(scores.masked_fill(outside, -std::numeric_limits<double>::infinity()), 1);
  auto meaning = Meaning::weights;
  if (mode_ == LocalMode::predictive) {
    const double deviation = window_ / 2;
    weights = weights * torch::exp(from_centre.square().sum(2) / (-2 * deviation * deviation));
    meaning = Meaning::gate;  // they sum to less than one
  }
  return weighted_sum(tap_cell_weights(*this, weights, cells, meaning, context), cells);
}

torch::Tensor LuongLocal::centre(const Cells& cells, const torch::Tensor& query, const torch::Tensor& position) {
  const auto extent = local_extent(cells, is_sequence(cells));
  const std::int64_t images = query.size(0), axes = extent.size(0);
  std::ostringstream got;
  if (mode_ == LocalMode::predictive) {
    if (v_p_->options.out_features() == axes) return extent * torch::sigmoid(v_p_(torch::tanh(W_p_(query))));
    got << "tokens [" << images << ", " << cells.values.size(1) << ", " << channels_ << "]";
    throw ShapeError(name(), "[N, " + std::to_string(channels_) + ", H, W], as the centre has two axes", got.str());
  }
  if (!position.defined()) return ((extent - 1) / 2).expand({images, axes});
  const bool fits = position.dim() > 0 && position.size(0) == images && position.numel() == images * axes;
  if (fits) return position.to(extent.options()).reshape({images, axes}).clamp_min(0).minimum(extent - 1);
  got << position.sizes();
  throw ShapeError(name(), "a position [" + std::to_string(images) + (axes == 1 ? "]" : ", 2]"), got.str());
}

bool LuongLocal::is_sequence(const Cells& cells) const {
  return cells.grid.empty() || (sequence_site_ && cells.grid[0] == 1);
}

}  // namespace fovea
