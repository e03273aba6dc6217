#include <algorithm>
#include <cmath>

#include <fovea/explain/map_note.h>

namespace fovea {
namespace {

/// Differences below this fraction of the values are rounding errors of float32, which has 6e-8: colours would enlarge them
/// to a picture.
constexpr double kRoundingFraction = 1e-6;

}  // namespace

MapValues kind_of_values(const torch::Tensor& values) {
  if (!values.isfinite().all().item<bool>()) return MapValues::not_finite;
  const double low = values.min().item<double>();
  const double high = values.max().item<double>();
  if (low == 0 && high == 0) return MapValues::zero;
  const double largest = std::max(std::abs(low), std::abs(high));
  return high - low <= kRoundingFraction * largest ? MapValues::uniform : MapValues::varied;
}

std::string map_note(const LayerMap& map, const std::string& class_name) {
  if (!map.is_spatial()) return "";
  const MapValues kind = kind_of_values(map.values);
  const std::string class_part = map.label ? " for '" + class_name + "'" : "";
  if (kind == MapValues::not_finite) {
    return "the map of " + map.layer + class_part + " has values that are not finite, so it shows nothing";
  }
  if (!map.label) return "";
  if (kind == MapValues::zero) {
    return "no position of " + map.layer + " raises the score of '" + class_name + "' for this photo";
  }
  if (kind == MapValues::uniform) return "the map of " + map.layer + class_part + " is the same at every position";
  return "";
}

}  // namespace fovea
