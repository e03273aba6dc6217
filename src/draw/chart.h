#pragma once

#include <string>
#include <vector>

#include <fovea/draw/canvas.h>
#include <fovea/draw/ticks.h>

namespace fovea {

/// A linear axis with its tick labels.
struct Axis {
  std::string label;  ///< none when empty
  ValueRange range;   ///< low < high
  Ticks ticks;        ///< inside the range; without values the axis carries no numbers
};

/// Axis that contains `data` and ends at round numbers. @param most_ticks limit of the ticks inside `data`.
/// @throws InputError unless data.low <= data.high and their distance are finite.
Axis round_axis(const std::string& label, const ValueRange& data, int most_ticks);

/// An axis that ends where `range` does, with round numbers inside. @throws InputError as round_ticks.
Axis exact_axis(const std::string& label, const ValueRange& range, int most_ticks, double smallest_step = 0);

struct LegendEntry {
  std::string name;
  Color color;
};

/// Chart in a rectangle of a canvas: maps values to pixels and draws them.
class Chart {
 public:
  /// Draws grid, numbers and labels. @param plot where the data goes, in whole pixels; numbers and labels lie outside, up to
  /// kChartLeft pixels to the left and kChartBottom below. @throws InputError unless each axis has low < high.
  Chart(Canvas& canvas, const Rectangle& plot, Axis x, Axis y);

  /// Point of a value in pixels; outside the plot when the value is outside the axes.
  Point at(double x, double y) const;

  /// Joins values, ascending in x. @param marker_radius 0 draws no markers.
  void line(const std::vector<Point>& values, const Stroke& stroke, double marker_radius);
  /// Fills a rectangle between values.
  void area(const ValueRange& x, const ValueRange& y, const Color& color);
  /// Vertical line from the bottom of the plot to its top.
  void vertical(double x, const Stroke& stroke);
  /// Draws above the plot: a title on the left, names with dots in their colours on the right.
  void header(const std::string& title, const std::vector<LegendEntry>& legend);

 private:
  Canvas& canvas_;
  Rectangle plot_;
  Axis x_;
  Axis y_;
};

inline constexpr double kChartLeft = 62;    ///< room for numbers and label of the y axis
inline constexpr double kChartBottom = 44;  ///< room for numbers and label of the x axis
inline constexpr double kChartHeader = 30;  ///< room for title and legend

}  // namespace fovea
