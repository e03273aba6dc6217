#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/selection.h>
#include <fovea/options/fields.h>

namespace fovea {

struct BahdanauOptions {
  std::int64_t hidden = 0;  ///< width of the hidden layer of the score; 0 = as many as the positions have channels
  QuerySource query = QuerySource::mean;
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// Additive attention, "Neural Machine Translation by Jointly Learning to Align and Translate", arXiv:1409.0473: position
/// h_j scores e_j = v . tanh(W q + U h_j) for the query q; the result is sum_j softmax(e)_j h_j. Differs from the paper: the
/// positions are those of a feature map, row by row, instead of the annotations of words, and the query may be the pool's
/// own instead of a decoder's state.
class BahdanauImpl final : public Pool {
 public:
  /// @param channels C of the features. @throws InputError when an option is out of its range or does not fit.
  explicit BahdanauImpl(std::int64_t channels, BahdanauOptions options = {});
  explicit BahdanauImpl(const InsertionPoint& point, BahdanauOptions options = {});

  /// @return [N, C]. Hooks see the weights, which sum to one over the positions. @throws ShapeError unless the features are
  /// [N, C, H, W] or [N, L, C] and the query fits.
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override { return point_.in.channels; }

  /// @param positions [N, L, C]. @param query [N, Q]. @return [N, L].
  torch::Tensor scores(const torch::Tensor& positions, const torch::Tensor& query);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  BahdanauOptions options_;
  std::shared_ptr<PoolQueryImpl> query_;
  torch::nn::Linear W_{nullptr}, U_{nullptr}, v_{nullptr};
};
TORCH_MODULE(Bahdanau);

}  // namespace fovea
