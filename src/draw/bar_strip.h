#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fovea/draw/ticks.h>
#include <fovea/image/image.h>

namespace fovea {

/// Row of bars: one value per channel, e.g. the gate values of a layer.
struct BarRow {
  std::string title;           ///< e.g. the layer's name; truncated with an ellipsis
  std::vector<double> values;  ///< per channel; values that are not finite are skipped
  /// Range of the y axis, e.g. {0, 1} for gates, to which values are clamped; None: round numbers around 0 and the data.
  std::optional<ValueRange> range = std::nullopt;
};

struct BarStripOptions {
  std::string title;     ///< none when empty
  std::string subtitle;  ///< below the title; none when empty
  int width = 960;       ///< of the picture, in pixels; at least 320
  int row_height = 140;  ///< of each row with its axis, in pixels; at least 80
};

/// Bar charts of the rows over the channels, one below the other, with the mean as a line and a number. With more channels
/// than pixels, each column of pixels shows the range (light) and the mean (dark) of its channels.
/// @return RGB. @throws InputError without rows, for a row without channels, a range whose low end is not below its high
/// end, options out of range, or a picture higher than kMaximumCanvasSide.
Image bar_strip(const std::vector<BarRow>& rows, const BarStripOptions& options);

/// The bars of one row as a small picture without texts but the numbers of its axes, for a tile of a contact sheet.
/// @param height, width of the picture, at least 80 and 120. @return RGB. @throws InputError as bar_strip() does.
Image bar_tile(const BarRow& row, int height, int width);

}  // namespace fovea
