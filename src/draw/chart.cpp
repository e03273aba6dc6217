#include <cmath>
#include <ranges>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/chart.h>

namespace fovea {
namespace {

const TextStyle kAxisNumber{.size = 12, .color = kQuiet};
const TextStyle kAxisLabel{.size = 12.5, .color = kInk, .align = TextStyle::Align::centre};
const TextStyle kChartTitle{.size = 15, .bold = true};
const TextStyle kLegendName{.size = 12.5, .align = TextStyle::Align::right};

/// The middle of the pixel that holds a coordinate: where a line of width 1 is sharp.
double pixel_middle(double coordinate) {
  constexpr double kRoundingError = 1e-6;  // must not move a line that lies on a pixel's edge
  return std::floor(coordinate + kRoundingError) + 0.5;
}

void expect_axis(const Axis& axis) {
  if (axis.range.low < axis.range.high) return;
  throw InputError("chart", "an axis with low below high",
                   number_text(axis.range.low) + " to " + number_text(axis.range.high));
}

double fraction_of(const ValueRange& range, double value) {
  return (value - range.low) / (range.high - range.low);
}

}  // namespace

Axis round_axis(const std::string& label, const ValueRange& data, int most_ticks) {
  const Ticks ticks = enclosing_ticks(data, most_ticks);
  return {label, {ticks.values.front(), ticks.values.back()}, ticks};
}

Axis exact_axis(const std::string& label, const ValueRange& range, int most_ticks, double smallest_step) {
  return {label, range, round_ticks(range, most_ticks, smallest_step)};
}

Chart::Chart(Canvas& canvas, const Rectangle& plot, Axis x, Axis y)
    : canvas_(canvas), plot_(plot), x_(std::move(x)), y_(std::move(y)) {
  expect_axis(x_);
  expect_axis(y_);
  const double bottom = plot_.y + plot_.height;
  const double right = plot_.x + plot_.width;
  TextStyle number = kAxisNumber;

  number.align = TextStyle::Align::right;
  number.vertical = TextStyle::Vertical::middle;
  for (const double value : y_.ticks.values) {
    const double row = pixel_middle(at(x_.range.low, value).y);
    canvas_.line({plot_.x, row}, {right, row}, {.color = kGrid});
    canvas_.text(number_text(value, y_.ticks.step), {plot_.x - 8, row}, number);
  }
  number.align = TextStyle::Align::centre;
  number.vertical = TextStyle::Vertical::baseline;
  for (const double value : x_.ticks.values) {
    const double column = pixel_middle(at(value, y_.range.low).x);
    canvas_.line({column, bottom}, {column, bottom + 5}, {.color = kQuiet});
    canvas_.text(number_text(value, x_.ticks.step), {column, bottom + 18}, number);
  }
  canvas_.line({plot_.x, pixel_middle(bottom)}, {right, pixel_middle(bottom)}, {.color = kQuiet});

  canvas_.text(x_.label, {plot_.x + plot_.width / 2, bottom + 37}, kAxisLabel);
  TextStyle upward = kAxisLabel;
  upward.rotation = 90;
  canvas_.text(y_.label, {plot_.x - 46, plot_.y + plot_.height / 2}, upward);
}

Point Chart::at(double x, double y) const {
  return {plot_.x + plot_.width * fraction_of(x_.range, x), plot_.y + plot_.height * (1 - fraction_of(y_.range, y))};
}

void Chart::line(const std::vector<Point>& values, const Stroke& stroke, double marker_radius) {
  std::vector<Point> points;
  points.reserve(values.size());
  for (const Point& value : values) points.push_back(at(value.x, value.y));
  canvas_.polyline(points, stroke);
  if (marker_radius <= 0) return;
  for (const Point& point : points) canvas_.fill_circle(point, marker_radius, stroke.color);
}

void Chart::area(const ValueRange& x, const ValueRange& y, const Color& color) {
  const Point corner = at(x.low, y.high);
  const Point opposite = at(x.high, y.low);
  canvas_.fill_rectangle({corner.x, corner.y, opposite.x - corner.x, opposite.y - corner.y}, color);
}

void Chart::vertical(double x, const Stroke& stroke) {
  const double column = pixel_middle(at(x, y_.range.low).x);
  canvas_.line({column, plot_.y + plot_.height}, {column, plot_.y}, stroke);
}

void Chart::header(const std::string& title, const std::vector<LegendEntry>& legend) {
  const double baseline = plot_.y - 13;
  canvas_.text(title, {plot_.x, baseline}, kChartTitle);
  double right = plot_.x + plot_.width;
  for (const LegendEntry& entry : std::views::reverse(legend)) {
    canvas_.text(entry.name, {right, baseline}, kLegendName);
    right -= text_extent(entry.name, kLegendName).width + 10;
    canvas_.fill_circle({right, baseline - 4.5}, 4.5, entry.color);
    right -= 20;
  }
}

}  // namespace fovea
