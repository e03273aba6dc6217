#pragma once

#include <cstdint>

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// Random crop of the original size after padding each side with black, the usual augmentation on CIFAR: "Deep Residual
/// Learning for Image Recognition", arXiv:1512.03385, section 4.2.
class PadCrop final : public Augmentation {
 public:
  std::int64_t pixels = 0;

  void visit_fields(FieldVisitor& fields) override;
  bool active() const override { return pixels > 0; }
  void apply(Image& image, RandomStream& stream, const PixelValue& mean) const override;
};

}  // namespace fovea
