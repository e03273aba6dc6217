#pragma once

#include <cstdint>

#include <fovea/data/preprocess.h>

namespace fovea {

/// Preprocessing defaults of published weights, as timm's default_cfg: the shorter side is resized to side / crop_pct, then
/// a square of `side` pixels is cropped from the centre; three channels.
struct PreprocessingDefaults {
  std::int64_t side = 224;  ///< pixels
  double crop_pct = 0.875;  ///< side of the crop over the shorter side after the resize
  Interpolation interpolation = Interpolation::bilinear;
  std::vector<double> mean{0.485, 0.456, 0.406};                ///< per channel, of pixels in [0, 1]; ImageNet's
  std::vector<double> standard_deviation{0.229, 0.224, 0.225};  ///< per channel
};

/// The defaults as options; sides are rounded down, as in timm.
PreprocessOptions preprocessing_of(const PreprocessingDefaults& defaults);

/// The same preprocessing with a square crop of another side, in pixels. `resize` is scaled with it, so that crop_pct stays.
/// Integer sides determine crop_pct only approximately (235 and 224 for 0.95): it is the multiple of 0.025 that gives both
/// sides, or else their quotient. Sides are rounded down. Where `resize` or `crop` has two sides, or none, `resize` is
/// unchanged.
PreprocessOptions with_crop(PreprocessOptions preprocess, std::int64_t side);

}  // namespace fovea
