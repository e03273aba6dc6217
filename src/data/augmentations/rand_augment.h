#pragma once

#include <cstdint>

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// RandAugment: a few operations of one magnitude, drawn from fourteen: "RandAugment: Practical automated data
/// augmentation with a reduced search space", arXiv:1909.13719. The ranges of the operations are torchvision's, in 31
/// steps; operations with two directions draw one of them. Pixels from outside the image are black.
/// Differs from torchvision: pixels are interpolated bilinearly, and on images that are not RGB `saturation` does nothing.
class RandAugment final : public Augmentation {
 public:
  std::int64_t operations = 0;
  std::int64_t magnitude = 9;  ///< 0 to 30

  void visit_fields(FieldVisitor& fields) override;
  bool active() const override { return operations > 0; }
  void apply(Image& image, RandomStream& stream, const PixelValue& mean) const override;
};

}  // namespace fovea
