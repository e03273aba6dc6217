#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace fovea {

/// Images whose highest probability lies in one of several equal bins of [0, 1].
struct CalibrationBin {
  std::int64_t images = 0;
  std::int64_t correct = 0;
  double probability = 0;  ///< sum over the images of the highest probability
};

/// Expected calibration error ("On Calibration of Modern Neural Networks", arXiv:1706.04599): sum over bins of (fraction of
/// images) x |accuracy - mean probability|, in [0, 1]; 0 without images.
inline double expected_calibration_error(const std::vector<CalibrationBin>& bins) {
  double error = 0;
  std::int64_t images = 0;
  for (const CalibrationBin& bin : bins) {
    error += std::abs(static_cast<double>(bin.correct) - bin.probability);
    images += bin.images;
  }
  return images == 0 ? 0.0 : error / static_cast<double>(images);
}

}  // namespace fovea
