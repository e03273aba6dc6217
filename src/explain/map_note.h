#pragma once

#include <string>

#include <fovea/explain/layer_map.h>

namespace fovea {

/// Values of a spatial map, as far as they decide whether colours can show anything.
enum class MapValues {
  varied,
  uniform,     ///< the same at every position, up to rounding, and not zero
  zero,        ///< zero at every position
  not_finite,  ///< some are NaN or infinite
};

/// @param values [H, W].
MapValues kind_of_values(const torch::Tensor& values);

/// A sentence about a map that explains nothing: one of a class that is the same at every position, as "no position of
/// layer4 raises the score of 'dog' for this photo", or one with values that are not finite. Empty for every other map, also
/// for attention that is uniform, which a network may choose. @param class_name of LayerMap::label; not read without one.
std::string map_note(const LayerMap& map, const std::string& class_name);

}  // namespace fovea
