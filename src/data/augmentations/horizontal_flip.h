#pragma once

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// Horizontal flip, measured in "Return of the Devil in the Details: Delving Deep into
/// Convolutional Nets", arXiv:1405.3531.
class HorizontalFlip final : public Augmentation {
 public:
  double probability = 0;

  void visit_fields(FieldVisitor& fields) override;
  bool active() const override { return probability > 0; }
  void apply(Image& image, RandomStream& stream, const PixelValue& mean) const override;
};

}  // namespace fovea
