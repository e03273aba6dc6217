#pragma once

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// Random brightness, contrast, saturation and hue in random order: "Some Improvements on Deep Convolutional Neural Network
/// Based Image Classification", arXiv:1312.5402, section 2.2, with the ranges of torchvision's ColorJitter. Saturation and
/// hue change RGB images only.
class ColorJitter final : public Augmentation {
 public:
  double probability = 0;
  double brightness = 0.4;  ///< the factor is uniform in [max(0, 1 - brightness), 1 + brightness]
  double contrast = 0.4;    ///< likewise
  double saturation = 0.4;  ///< likewise
  double hue = 0.1;         ///< the shift of the hue, a fraction of the colour circle, is uniform in [-hue, hue]

  void visit_fields(FieldVisitor& fields) override;
  bool active() const override { return probability > 0; }
  void apply(Image& image, RandomStream& stream, const PixelValue& mean) const override;
};

}  // namespace fovea
