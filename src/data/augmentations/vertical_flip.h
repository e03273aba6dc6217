#pragma once

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// Vertical flip, for images without an upright orientation, such as galaxies: "Rotation-invariant convolutional neural
/// networks for galaxy morphology prediction", arXiv:1503.07077, where it is combined with rotations.
class VerticalFlip final : public Augmentation {
 public:
  double probability = 0;

  void visit_fields(FieldVisitor& fields) override;
  bool active() const override { return probability > 0; }
  void apply(Image& image, RandomStream& stream, const PixelValue& mean) const override;
};

}  // namespace fovea
