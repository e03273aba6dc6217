#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/selection.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/context_argument.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Compatibility score of a projected position l with the global vector g.
enum class PayScore {
  additive,  ///< w . (l + g)
  dot,       ///< l . g
};

/// Normalisation of the scores.
enum class PayNormalisation {
  softmax,  ///< weights over the positions, for a weighted sum
  sigmoid,  ///< a factor for every position, for a mean of the products
};

struct LearnToPayAttentionOptions {
  PayScore score = PayScore::additive;
  PayNormalisation normalise = PayNormalisation::softmax;
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// One stage's attention, "Learn To Pay Attention", arXiv:1804.02391: positions l = projector(x) are scored against a global
/// vector g; the result is sum_j softmax(c)_j l_j, or the mean over the positions of sigmoid(c_j) l_j.
///
/// **With additive scores and the softmax, the defaults and the paper's choice, g has no effect**: w . g is the same for
/// every position and cancels in the softmax. With `score: dot` or `normalise: sigmoid` the weights depend on g.
///
/// Parameter names are those of SaoYan/LearnToPayAttention (`projector.op`, `attn.op`; no biases).
/// Differs from the paper: the projector is always there, not only where the channels differ.
class StageAttentionImpl final : public CloneableModule {
 public:
  /// @param local_channels C of the features. @param global_channels C' of g. @throws InputError unless both are positive.
  StageAttentionImpl(std::int64_t local_channels, std::int64_t global_channels, LearnToPayAttentionOptions options = {});

  /// @param features [N, C, H, W] or [N, L, C]. @param global [N, C']. @return [N, C']. Hooks see one weight per position,
  /// Meaning::weights with softmax and Meaning::gate with sigmoid. @throws ShapeError.
  torch::Tensor forward(const torch::Tensor& features, const torch::Tensor& global, ContextArgument context = {});

  /// Scores c of the positions, [N, L]. @param local projected positions [N, L, C'].
  torch::Tensor scores(const torch::Tensor& local, const torch::Tensor& global);
  /// Projected positions, [N, L, C] -> [N, L, C'].
  torch::Tensor projected(const torch::Tensor& positions);

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;
  FORWARD_HAS_DEFAULT_ARGS({2, torch::nn::AnyValue(ContextArgument())})

 private:
  std::int64_t local_channels_, global_channels_;
  LearnToPayAttentionOptions options_;
  torch::nn::Conv2d projector_{nullptr}, scorer_{nullptr};
};
TORCH_MODULE(StageAttention);

/// StageAttention of several stages, concatenated (`0`, `1`, ... for the stages in order). g is the query that the network
/// gives, or the mean over the positions of the last stage.
class LearnToPayAttentionImpl final : public Pool {
 public:
  /// Attention of one stage, whose features have C = `channels`. @throws InputError unless positive.
  explicit LearnToPayAttentionImpl(std::int64_t channels, LearnToPayAttentionOptions options = {});
  /// Attention of all stages of the point. @throws InputError unless all have channels.
  explicit LearnToPayAttentionImpl(const InsertionPoint& point, LearnToPayAttentionOptions options = {});

  /// @param input all stages of the insertion point; where it lists none, the features are the one stage. The map of each
  /// stage carries the theta of that stage.
  /// @return [N, stages x C'], C' the length of g. @throws ShapeError unless stages and query fit.
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  LearnToPayAttentionOptions options_;
  std::shared_ptr<PoolQueryImpl> query_;
  std::vector<std::shared_ptr<StageAttentionImpl>> stages_;
};
TORCH_MODULE(LearnToPayAttention);

}  // namespace fovea
