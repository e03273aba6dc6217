#pragma once

#include <fovea/data/augmentations/pair_mixing.h>

namespace fovea {

/// A rectangle of another picture pasted over the same place, labels mixed by area: "CutMix: Regularization Strategy to
/// Train Strong Classifiers with Localizable Features", arXiv:1905.04899. The rectangle has the image's shape and a random
/// centre; what lies outside the image is cut off, and the share is that of the pixels left. Differs from the paper: each
/// picture draws a share and a partner of its own, and the larger share stays its own, so that no rectangle covers more than
/// half an image.
class CutMix final : public PairMixing {
 public:
  CutMix() : PairMixing(1) {}

  double mix(Image& image, const Image& partner, RandomStream& stream) const override;
};

}  // namespace fovea
