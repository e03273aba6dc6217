#pragma once

#include <fovea/data/augmentations/pair_mixing.h>

namespace fovea {

/// CutMix: a rectangle of another image is pasted at the same position, and labels are mixed by area. "CutMix:
/// Regularization Strategy to Train Strong Classifiers with Localizable Features", arXiv:1905.04899. The rectangle has the
/// image's aspect and a random centre; it is clipped at the border, and lambda is computed from the clipped area. Differs
/// from the paper: each image draws its own lambda and partner, and lambda is at least 0.5 before clipping, so that no
/// rectangle covers more than half an image.
class CutMix final : public PairMixing {
 public:
  CutMix() : PairMixing(1) {}

  double mix(Image& image, const Image& partner, RandomStream& stream) const override;
};

}  // namespace fovea
