#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <fovea/data/preprocess.h>
#include <fovea/explain/layer_map.h>
#include <fovea/image/affine.h>

namespace fovea {

/// A map of cells laid over a photo: the geometry of preprocessing undone. Photo coordinates count pixels, map coordinates
/// count cells, both from the top left corner, so that pixel or cell i covers [i, i + 1).
struct PhotoMap {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<float> values;  ///< rows x columns
  Affine to_positions;        ///< from photo to map coordinates

  /// Of the values that are numbers; 0 without any.
  double lowest() const;
  double highest() const;

  /// The map at a point of the photo: interpolated bilinearly between the centres of cells, constant in the outer half of
  /// the outer ones; nothing where the map does not reach, because the network did not see that part.
  std::optional<double> at(double photo_x, double photo_y) const;

  /// The same map for the photo enlarged by these factors.
  PhotoMap scaled(double factor_x, double factor_y) const;
};

/// @param map a spatial one, of a photo that `geometry` prepared to input_height x input_width pixels.
/// @throws InputError when the map is not spatial, or lies on the input in a way that cannot be undone (a warp that shrinks
/// the image to a line).
PhotoMap on_photo(const LayerMap& map, const Geometry& geometry, int input_height, int input_width);

}  // namespace fovea
