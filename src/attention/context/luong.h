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

/// Score of a position h for a query q.
enum class LuongScore {
  dot,       ///< q . h
  general,   ///< q . W_a h
  concat,    ///< v_a . tanh(W_a [q; h])
  location,  ///< (W_a q)_j for position j, whatever its features
};

struct LuongOptions {
  LuongScore score = LuongScore::general;
  std::int64_t hidden = 0;        ///< width of the hidden layer of `concat`; 0 = as many as the positions have channels
  std::int64_t out_features = 0;  ///< 0 = as many as the positions have channels
  QuerySource query = QuerySource::mean;
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// Global attention, "Effective Approaches to Attention-based Neural Machine Translation", arXiv:1508.04025: the weighted
/// sum of the positions c = sum_j softmax(score)_j h_j, joined with the query q: tanh(W_c [c; q]). No biases. Differs from
/// the paper: the positions are those of a feature map, row by row, instead of source words, and the query may be the pool's
/// own instead of a decoder's state.
class LuongImpl final : public Pool {
 public:
  /// @param channels C of the features; with `location`, the whole shape `in` of the features is needed. @throws InputError
  /// when an option is out of its range or does not fit: `dot` needs a query as long as the positions, `hidden` is of
  /// `concat` only.
  explicit LuongImpl(std::int64_t channels, LuongOptions options = {});
  explicit LuongImpl(const FeatureShape& in, LuongOptions options = {});
  explicit LuongImpl(const InsertionPoint& point, LuongOptions options = {});

  /// @return [N, out_features()], in (-1, 1). Hooks see the weights, which sum to one over the positions. @throws ShapeError
  /// unless the features are [N, C, H, W] or [N, L, C] and the query fits; with `location`, also for another number of
  /// positions than the insertion point's.
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override { return W_c_->options.out_features(); }

  /// @param positions [N, L, C]. @param query [N, Q]. @return [N, L].
  torch::Tensor scores(const torch::Tensor& positions, const torch::Tensor& query);
  /// The weighted sum alone, [N, C]. @param query [N, Q].
  torch::Tensor attended(const Positions& positions, const torch::Tensor& query, ForwardContext& context);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  LuongOptions options_;
  std::shared_ptr<PoolQueryImpl> query_;
  torch::nn::Linear W_a_{nullptr}, v_a_{nullptr}, W_c_{nullptr};
};
TORCH_MODULE(Luong);

/// The `general` score q . W_a h of Luong et al. @param positions [N, L, C]. @param query [N, Q]. @param weight [Q, C].
/// @return [N, L].
torch::Tensor general_scores(const torch::Tensor& positions, const torch::Tensor& query, const torch::Tensor& weight);

}  // namespace fovea
