#pragma once

#include <vector>

#include <torch/torch.h>

#include <fovea/nn/classifier.h>

namespace fovea {

/// What training makes small.
class Objective {
 public:
  virtual ~Objective() = default;
  /// @param batch, context of the forward pass that made `output`. @return a scalar, mean over the batch's images.
  virtual torch::Tensor loss(const ModelOutput& output, const Batch& batch, const ForwardContext& context) const = 0;
};

/// Cross-entropy in nats, with label smoothing ("Rethinking the Inception Architecture for Computer Vision",
/// arXiv:1512.00567), plus the same of every branch that scores classes on its own and the terms that modules left in the
/// context. Of a mixed image, the cross-entropies of both its
/// labels count by their shares ("mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412).
///
/// With class weights each cross-entropy, smoothed or not, counts as often as the weight of its label says. The mean is over
/// images all the same, so that the losses of a batch's parts add up to the batch's; torch's weighted mean divides by the
/// sum of the weights that are in the batch.
class ClassificationObjective final : public Objective {
 public:
  /// @param label_smoothing share of the target spread evenly over all classes, in [0, 1).
  /// @param class_weights one per class, not negative; empty: all 1.
  explicit ClassificationObjective(double label_smoothing, std::vector<double> class_weights = {});

  /// @throws ShapeError when there are class weights, but not as many as classes.
  torch::Tensor loss(const ModelOutput& output, const Batch& batch, const ForwardContext& context) const override;

 private:
  /// The mean over the batch of what `logits` [N, K] cost.
  torch::Tensor classification_loss(const torch::Tensor& logits, const Batch& batch) const;
  /// The weighted cross-entropy of each image with its label in `labels`, [N].
  torch::Tensor image_losses(const torch::Tensor& logits, const torch::Tensor& labels) const;

  double label_smoothing_;
  std::vector<double> class_weights_;
};

}  // namespace fovea
