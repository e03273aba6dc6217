#pragma once

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// Common base of mixup and cutmix: their probability, and the distribution of lambda.
class PairMixing : public Augmentation {
 public:
  double probability = 0;
  double alpha;  ///< of Beta(alpha, alpha), the distribution of lambda; 1 is uniform, smaller mixes less

  void visit_fields(FieldVisitor& fields) override;
  bool active() const override { return probability > 0; }
  double mix_probability() const override { return probability; }

 protected:
  explicit PairMixing(double default_alpha) : alpha(default_alpha) {}

  /// Draws lambda from Beta(alpha, alpha); the larger of lambda and 1 - lambda, in [0.5, 1].
  double draw_lambda(RandomStream& stream) const;
};

}  // namespace fovea
