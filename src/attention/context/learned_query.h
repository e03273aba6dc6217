#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/selection.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

struct LearnedQueryOptions {
  std::int64_t heads = 1;  ///< a divisor of the channels; every head has its own weights
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// Pooling by one learned query vector q: sum_j softmax_j(q . h_j / sqrt(d)) h_j over the positions h_j, in every head of d
/// channels. After the pooling by multi-head attention of "Set Transformer: A Framework for Attention-based
/// Permutation-Invariant Neural Networks", arXiv:1810.00825. The query is initially 0, which is global average pooling.
/// Differs from the paper: no projections of queries, keys and values, no feed-forward layers and no norms around it.
class LearnedQueryImpl final : public Pool, public SelfInitialising {
 public:
  /// @param channels C of the features. @throws InputError when an option is out of its range, unless the channels divide
  /// into heads, or when the network gives a query.
  explicit LearnedQueryImpl(std::int64_t channels, LearnedQueryOptions options = {});
  explicit LearnedQueryImpl(const InsertionPoint& point, LearnedQueryOptions options = {});

  /// @return [N, C]. Hooks see the weights, which sum to one over the positions in every head. @throws ShapeError unless the
  /// features are [N, C, H, W] or [N, L, C].
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override { return point_.in.channels; }

  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  LearnedQueryOptions options_;
  torch::Tensor query_;  ///< [C]
};
TORCH_MODULE(LearnedQuery);

}  // namespace fovea
