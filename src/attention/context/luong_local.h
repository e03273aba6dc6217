#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/selection.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Centre of the window of local attention.
enum class LocalMode {
  monotonic,   ///< local-m: given with the input
  predictive,  ///< local-p: predicted from the query
};

struct LuongLocalOptions {
  LocalMode mode = LocalMode::predictive;
  std::int64_t window = 3;        ///< D: largest distance of an attended position from the centre, along every axis
  std::int64_t hidden = 0;        ///< width of the hidden layer that predicts the centre; 0 = length of the query
  std::int64_t out_features = 0;  ///< 0 = as many as the positions have channels
  QuerySource query = QuerySource::mean;
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// Local attention, "Effective Approaches to Attention-based Neural Machine Translation", arXiv:1508.04025. Around a
/// centre p, softmax of the general scores q . W_a h_j over the positions j with |j - p| <= D; their weighted sum c is
/// joined with the query q: tanh(W_c [c; q]). No biases.
///
/// - m: p is PoolInput::position, moved to the nearest position if outside, or the middle when it is undefined.
/// - p: p = S sigmoid(v_p . tanh(W_p q)), S the number of positions; the weights are then multiplied by
///   exp(-(j - p)^2 / (2 (D/2)^2)), and **no longer sum to one**. The centre gets its gradient through this factor
///   alone. PoolInput::position is not read.
///
/// On a grid p = (x, y), from the centre of the top left position; every axis has its own S (width, height; v_p has two
/// rows), the window is a square and the Gaussian is two-dimensional. Tokens, and the positions of an insertion point one
/// position high, are a sequence with one p. Differs from the paper: grids as above; no reordering of the source in m;
/// the query may be the pool's own instead of a decoder's state.
class LuongLocalImpl final : public Pool {
 public:
  /// @param channels C of the features, which are a grid in mode p; `in` with a height of 1: a sequence. @throws InputError
  /// when an option is out of its range or does not fit: `hidden` is of mode p only.
  explicit LuongLocalImpl(std::int64_t channels, LuongLocalOptions options = {});
  explicit LuongLocalImpl(const FeatureShape& in, LuongLocalOptions options = {});
  explicit LuongLocalImpl(const InsertionPoint& point, LuongLocalOptions options = {});

  /// @return [N, out_features()], in (-1, 1). Hooks see the weights, Meaning::weights in mode m and, as they sum to less
  /// than one, gate in mode p.
  /// @throws ShapeError unless the features are [N, C, H, W] or [N, L, C], with as many axes as the insertion point in mode
  /// p, and query and position fit.
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override { return W_c_->options.out_features(); }

  /// Centre p: [N, 2] (x, y) on a grid, [N, 1] in a sequence. @param query [N, Q]. @param position may be undefined.
  torch::Tensor centre(const Positions& positions, const torch::Tensor& query, const torch::Tensor& position);
  /// The weighted sum alone, [N, C].
  torch::Tensor attended(const Positions& positions, const torch::Tensor& query, const torch::Tensor& position,
                         ForwardContext& context);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  /// @param outside bool [N, L]. @throws ShapeError when a window has fewer positions than choices.
  void expect_choices_inside(const torch::Tensor& outside) const;
  bool is_sequence(const Positions& positions) const;

  InsertionPoint point_;
  LuongLocalOptions options_;
  bool built_for_sequence_;
  std::shared_ptr<PoolQueryImpl> query_;
  torch::nn::Linear W_a_{nullptr}, W_c_{nullptr}, W_p_{nullptr}, v_p_{nullptr};
};
TORCH_MODULE(LuongLocal);

}  // namespace fovea
