#include <cmath>

#include <fovea/weights/preprocessing_defaults.h>

namespace fovea {

PreprocessOptions preprocessing_of(const PreprocessingDefaults& defaults) {
  PreprocessOptions preprocess;
  preprocess.resize = {static_cast<std::int64_t>(std::floor(static_cast<double>(defaults.side) / defaults.crop_pct))};
  preprocess.crop = {defaults.side};
  preprocess.interpolation = defaults.interpolation;
  preprocess.mean = defaults.mean;
  preprocess.standard_deviation = defaults.standard_deviation;
  return preprocess;
}

PreprocessOptions with_crop(PreprocessOptions preprocess, std::int64_t side) {
  const auto is_one_side = [](const std::vector<std::int64_t>& sides) { return sides.size() == 1 && sides[0] > 0; };
  if (is_one_side(preprocess.resize) && is_one_side(preprocess.crop)) {
    const std::int64_t resize = preprocess.resize[0], crop = preprocess.crop[0];
    const std::int64_t fortieths = 40 * crop / resize;  // the largest multiple of 0.025 that is not above the quotient
    const bool gives_both = fortieths > 0 && 40 * crop / fortieths == resize;
    preprocess.resize = {gives_both ? 40 * side / fortieths : resize * side / crop};
  }
  preprocess.crop = {side};
  return preprocess;
}

}  // namespace fovea
