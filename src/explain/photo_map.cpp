#include <algorithm>
#include <cmath>

#include <fovea/base/error.h>
#include <fovea/explain/photo_map.h>

namespace fovea {
namespace {

/// Affine transform from pixels of an image, or positions of a map, to normalised coordinates.
Affine to_unit_square(double width, double height) {
  return {2 / width, 0, -1, 0, 2 / height, -1};
}

Affine affine_of(const torch::Tensor& theta) {
  if (!theta.defined()) return {};
  const auto entry = [&](int row, int column) { return theta[row][column].item<double>(); };
  return {entry(0, 0), entry(0, 1), entry(0, 2), entry(1, 0), entry(1, 1), entry(1, 2)};
}

/// Best finite value; 0 when there is none.
template <typename Better>
double extreme(const std::vector<float>& values, Better better) {
  std::optional<float> best;
  for (const float value : values) {
    if (std::isfinite(value) && (!best || better(value, *best))) best = value;
  }
  return best.value_or(0.0F);
}

bool is_finite(const Affine& map) {
  return std::isfinite(map.xx + map.xy + map.x0 + map.yx + map.yy + map.y0);
}

}  // namespace

double PhotoMap::lowest() const {
  return extreme(values, [](float value, float best) { return value < best; });
}

double PhotoMap::highest() const {
  return extreme(values, [](float value, float best) { return value > best; });
}

std::optional<double> PhotoMap::at(double photo_x, double photo_y) const {
  const Point position = to_positions(photo_x, photo_y);
  const auto width = static_cast<double>(columns);
  const auto height = static_cast<double>(rows);
  constexpr double kRounding = 1e-9;  // a pixel on the edge belongs to the map
  if (position.x < -kRounding || position.y < -kRounding || position.x > width + kRounding ||
      position.y > height + kRounding) {
    return std::nullopt;
  }
  const double x = std::clamp(position.x - 0.5, 0.0, width - 1);
  const double y = std::clamp(position.y - 0.5, 0.0, height - 1);
  const auto left = static_cast<std::int64_t>(x);
  const auto top = static_cast<std::int64_t>(y);
  const auto value = [&](std::int64_t row, std::int64_t column) -> double {
    return values[static_cast<std::size_t>(std::min(row, rows - 1) * columns + std::min(column, columns - 1))];
  };
  const double share_x = x - static_cast<double>(left);
  const double share_y = y - static_cast<double>(top);
  const auto between = [](double from, double to, double weight) { return from + weight * (to - from); };  // NaN stays NaN
  return between(between(value(top, left), value(top, left + 1), share_x),
                 between(value(top + 1, left), value(top + 1, left + 1), share_x), share_y);
}

PhotoMap PhotoMap::scaled(double factor_x, double factor_y) const {
  PhotoMap map = *this;
  map.to_positions = compose(to_positions, {1 / factor_x, 0, 0, 0, 1 / factor_y, 0});
  return map;
}

PhotoMap map_on_photo(const LayerMap& map, const Geometry& geometry, int input_height, int input_width) {
  if (!map.is_spatial()) throw InputError(map.layer, "a map over the image", "one over channels");
  const Affine photo_to_input{1 / geometry.scale_x, 0, -geometry.offset_x, 0, 1 / geometry.scale_y, -geometry.offset_y};
  const Affine map_to_input = affine_of(map.theta);
  const Affine input_to_map = map_to_input.inverse();
  if (!(std::abs(map_to_input.determinant()) > 1e-9) || !is_finite(input_to_map)) {
    throw InputError(map.layer, "a map with an invertible affine transform to the input", "a singular one");
  }
  PhotoMap photo_map;
  photo_map.rows = map.values.size(0);
  photo_map.columns = map.values.size(1);
  const auto values = map.values.to(torch::kFloat32).contiguous();
  photo_map.values.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
  const auto unit_to_map =
      to_unit_square(static_cast<double>(photo_map.columns), static_cast<double>(photo_map.rows)).inverse();
  const Affine input_to_unit = to_unit_square(input_width, input_height);
  photo_map.to_positions = compose(unit_to_map, compose(input_to_map, compose(input_to_unit, photo_to_input)));
  return photo_map;
}

}  // namespace fovea
