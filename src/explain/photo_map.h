#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <fovea/data/preprocess.h>
#include <fovea/explain/layer_map.h>
#include <fovea/image/affine.h>

namespace fovea {

/// A spatial map in coordinates of the photo; the geometry of preprocessing is inverted. Photo coordinates are pixels, map
/// coordinates are positions, both from the top left corner, so that pixel or position i covers [i, i + 1).
struct PhotoMap {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<float> values;  ///< rows x columns
  Affine to_positions;        ///< from photo to map coordinates

  /// Lowest and highest finite value; 0 when there is none.
  double lowest() const;
  double highest() const;

  /// Value at a point of the photo: interpolated bilinearly between the centres of positions, constant in the outer half of
  /// the outer ones; None outside the network input.
  std::optional<double> at(double photo_x, double photo_y) const;

  /// Map for the photo resized by these factors.
  PhotoMap scaled(double factor_x, double factor_y) const;
};

/// Lays a map over a photo. @param map a spatial map, of a photo that was preprocessed by `geometry` to input_height x
/// input_width pixels. @throws InputError when the map is not spatial, or its affine transform cannot be inverted.
PhotoMap map_on_photo(const LayerMap& map, const Geometry& geometry, int input_height, int input_width);

}  // namespace fovea
