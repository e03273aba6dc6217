#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/batch.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// Labels of N images. A mixed image (mixup, cutmix) has two labels, weighted with lambda and 1 - lambda. See Batch.
struct Targets {
  torch::Tensor labels;        ///< int64 [N]
  torch::Tensor other_labels;  ///< int64 [N]; undefined without mixing
  torch::Tensor lambda;        ///< float [N]; as other_labels

  explicit Targets(const Batch& batch) : labels(batch.labels), other_labels(batch.other_labels), lambda(batch.lambda) {}

  /// Targets in which each image occurs `times` times in a row: [N * times].
  Targets repeated(std::int64_t times) const;
};

/// Cross-entropy in nats, with label smoothing ("Rethinking the Inception Architecture for Computer Vision",
/// arXiv:1512.00567). The loss of a mixed image is lambda times the cross-entropy with `labels` plus 1 - lambda times that
/// with `other_labels` ("mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412).
///
/// Class weights multiply each cross-entropy, smoothed or not, by the weight of its label. The mean divides by the number of
/// images, so that the losses of the shards add up to the loss of the batch. torch's weighted mean divides by the sum of the
/// weights in the batch instead.
class ClassLoss {
 public:
  /// @param label_smoothing fraction of the target that is spread evenly over all classes, in [0, 1).
  /// @param class_weights one per class, not negative; empty: all 1.
  explicit ClassLoss(double label_smoothing, std::vector<double> class_weights = {});

  /// Cross-entropy of each row of `logits` [N, K], [N]. @throws ShapeError when the number of class weights is not K.
  torch::Tensor rows(const torch::Tensor& logits, const Targets& targets) const;

  /// Mean of rows(), a scalar.
  torch::Tensor mean(const torch::Tensor& logits, const Targets& targets) const;

  /// `loss`, plus the mean() of every auxiliary classifier (attention branches) and the auxiliary losses in the context.
  torch::Tensor with_terms_of(const ForwardContext& context, const Targets& targets, torch::Tensor loss) const;

 private:
  /// Weighted cross-entropy of each row with its label in `labels`, [N].
  torch::Tensor label_losses(const torch::Tensor& logits, const torch::Tensor& labels) const;

  double label_smoothing_;
  std::vector<double> class_weights_;
};

}  // namespace fovea
