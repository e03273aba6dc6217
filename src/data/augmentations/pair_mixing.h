#pragma once

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// What mixup and cutmix have in common: how often they mix, and the share that stays a picture's own.
class PairMixing : public Augmentation {
 public:
  double probability = 0;
  double alpha;  ///< of the share's distribution Beta(alpha, alpha): small keeps pictures apart, 1 is uniform

  void visit_fields(FieldVisitor& fields) override;
  bool active() const override { return probability > 0; }
  double mix_probability() const override { return probability; }

 protected:
  explicit PairMixing(double default_alpha) : alpha(default_alpha) {}

  /// A draw from Beta(alpha, alpha), or 1 minus it: the larger of the two, in [0.5, 1].
  double own_share(RandomStream& stream) const;
};

}  // namespace fovea
