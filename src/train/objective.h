#pragma once

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
/// arXiv:1512.00567), plus the terms that modules left in the context. Of a mixed image, the cross-entropies of both its
/// labels count by their shares ("mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412).
class ClassificationObjective final : public Objective {
 public:
  /// @param label_smoothing share of the target spread evenly over all classes, in [0, 1).
  explicit ClassificationObjective(double label_smoothing) : label_smoothing_(label_smoothing) {}
  torch::Tensor loss(const ModelOutput& output, const Batch& batch, const ForwardContext& context) const override;

 private:
  double label_smoothing_;
};

}  // namespace fovea
