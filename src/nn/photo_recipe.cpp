#include <cmath>

#include <fovea/nn/photo_recipe.h>

namespace fovea {

PreprocessOptions preprocessing_of(const PhotoRecipe& recipe) {
  PreprocessOptions preprocess;
  preprocess.resize = {static_cast<std::int64_t>(std::floor(static_cast<double>(recipe.side) / recipe.share))};
  preprocess.crop = {recipe.side};
  preprocess.interpolation = recipe.interpolation;
  preprocess.mean = recipe.mean;
  preprocess.standard_deviation = recipe.standard_deviation;
  return preprocess;
}

}  // namespace fovea
