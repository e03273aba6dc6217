#pragma once

#include <cstdint>

#include <fovea/data/preprocess.h>

namespace fovea {

/// How networks trained on photos expect them: the shorter side resized to side / share, the square of `side` pixels in the
/// centre, three channels.
struct PreprocessingDefaults {
  std::int64_t side = 224;  ///< pixels
  double share = 0.875;     ///< of the shorter side that is seen, timm's crop_pct
  Interpolation interpolation = Interpolation::bilinear;
  std::vector<double> mean{0.485, 0.456, 0.406};                ///< per channel, of pixels in [0, 1]; ImageNet's
  std::vector<double> standard_deviation{0.229, 0.224, 0.225};  ///< per channel
};

/// The recipe as preprocessing; sides are rounded down, as timm does.
PreprocessOptions preprocessing_of(const PreprocessingDefaults& recipe);

/// The same preprocessing for a square crop of another side: `resize` goes with it, so that the fraction of the photo that
/// is seen, timm's crop_pct, stays. Whole sides do not say exactly which fraction that is, 235 and 224 for 0.95: of those
/// that give the two sides, it is the multiple of 0.025, as in published recipes, or else their quotient. Sides are rounded
/// down. Where `resize` or `crop` has two sides, or none, `resize` stays as it is.
PreprocessOptions with_crop(PreprocessOptions preprocess, std::int64_t side);

}  // namespace fovea
