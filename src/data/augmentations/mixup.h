#pragma once

#include <fovea/data/augmentations/pair_mixing.h>

namespace fovea {

/// Two pictures blended, and their labels with them: "mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412.
/// Differs from the paper: each picture draws a share and a partner of its own, the larger share stays its own, and blended
/// pixels are rounded to 8 bits.
class Mixup final : public PairMixing {
 public:
  Mixup() : PairMixing(0.2) {}

  double mix(Image& image, const Image& partner, RandomStream& stream) const override;
};

}  // namespace fovea
