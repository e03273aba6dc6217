#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/batch.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// The classes that images show: one each, or of mixed images two with shares. See Batch.
struct Targets {
  torch::Tensor labels;        ///< int64 [N]
  torch::Tensor other_labels;  ///< int64 [N]; undefined when nothing is mixed
  torch::Tensor own_share;     ///< float [N]; as other_labels

  explicit Targets(const Batch& batch)
      : labels(batch.labels), other_labels(batch.other_labels), own_share(batch.own_share) {}

  /// Each image's so many times, one after the other.
  Targets repeated(std::int64_t times) const;
};

/// Cross-entropy in nats, with label smoothing ("Rethinking the Inception Architecture for Computer Vision",
/// arXiv:1512.00567). Of a mixed image, the cross-entropies of both its labels count by their shares ("mixup: Beyond
/// Empirical Risk Minimization", arXiv:1710.09412).
///
/// With class weights each cross-entropy, smoothed or not, counts as often as the weight of its label says. The mean is over
/// images all the same, so that the losses of a batch's parts add up to the batch's; torch's weighted mean divides by the
/// sum of the weights that are in the batch.
class ClassLoss {
 public:
  /// @param label_smoothing share of the target spread evenly over all classes, in [0, 1).
  /// @param class_weights one per class, not negative; empty: all 1.
  explicit ClassLoss(double label_smoothing, std::vector<double> class_weights = {});

  /// What each row of `logits` [N, K] costs, [N]. @throws ShapeError when there are class weights, but not as many as
  /// classes.
  torch::Tensor rows(const torch::Tensor& logits, const Targets& targets) const;

  /// The mean of rows().
  torch::Tensor mean(const torch::Tensor& logits, const Targets& targets) const;

  /// `loss`, plus the mean() of every branch that scores classes on its own and the terms that modules left in the context.
  torch::Tensor with_terms_of(const ForwardContext& context, const Targets& targets, torch::Tensor loss) const;

 private:
  /// The weighted cross-entropy of each row with its label in `labels`, [N].
  torch::Tensor label_losses(const torch::Tensor& logits, const torch::Tensor& labels) const;

  double label_smoothing_;
  std::vector<double> class_weights_;
};

}  // namespace fovea
