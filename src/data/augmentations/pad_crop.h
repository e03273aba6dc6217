#pragma once

#include <cstdint>

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// A random crop of the old size after padding each side with black, as networks are trained on CIFAR: "Deep Residual
/// Learning for Image Recognition", arXiv:1512.03385, section 4.2.
class PadCrop final : public Augmentation {
 public:
  std::int64_t pixels = 0;

  void visit_fields(FieldVisitor& fields) override;
  bool active() const override { return pixels > 0; }
  void apply(Image& image, RandomStream& stream, const Fill& mean) const override;
};

}  // namespace fovea
