#include <cmath>

#include <fovea/weights/preprocessing_defaults.h>

namespace fovea {

PreprocessOptions preprocessing_of(const PreprocessingDefaults& recipe) {
  PreprocessOptions preprocess;
  preprocess.resize = {static_cast<std::int64_t>(std::floor(static_cast<double>(recipe.side) / recipe.share))};
  preprocess.crop = {recipe.side};
  preprocess.interpolation = recipe.interpolation;
  preprocess.mean = recipe.mean;
  preprocess.standard_deviation = recipe.standard_deviation;
  return preprocess;
}

}  // namespace fovea
