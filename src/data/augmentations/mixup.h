#pragma once

#include <fovea/data/augmentations/pair_mixing.h>

namespace fovea {

/// mixup: two images and their labels are blended. "mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412.
/// Differs from the paper: each image draws its own lambda and partner, lambda is at least 0.5, and blended pixels are
/// rounded to 8 bits.
class Mixup final : public PairMixing {
 public:
  Mixup() : PairMixing(0.2) {}

  double mix(Image& image, const Image& partner, RandomStream& stream) const override;
};

}  // namespace fovea
