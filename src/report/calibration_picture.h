#pragma once

#include <vector>

#include <fovea/eval/calibration_bin.h>
#include <fovea/image/image.h>

namespace fovea {

/// A reliability diagram ("On Calibration of Modern Neural Networks", arXiv:1706.04599): per bin of the highest probability
/// its accuracy as a bar, with the gap to the bin's mean probability shaded (red: overconfident, light blue:
/// underconfident); the diagonal is perfect calibration. Below, the fraction of images per bin. The title has the expected
/// calibration error.
/// @param bins equal parts of [0, 1], ascending; all empty is allowed.
/// @return RGB. @throws InputError without bins, or unless 0 <= correct <= images and 0 <= probability <= images in each.
Image calibration_picture(const std::vector<CalibrationBin>& bins);

}  // namespace fovea
