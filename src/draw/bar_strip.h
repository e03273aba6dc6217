#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fovea/draw/ticks.h>
#include <fovea/image/image.h>

namespace fovea {

/// One layer's gate values, or any other number per channel.
struct BarRow {
  std::string title;           ///< e.g. the layer's name; cut with an ellipsis where too long
  std::vector<double> values;  ///< per channel; not finite: left out
  /// Of the y axis, e.g. {0, 1} for gates, where values outside are cut; none: round numbers around 0 and the data.
  std::optional<ValueRange> range = std::nullopt;
};

struct BarStripOptions {
  std::string title;     ///< none when empty
  int width = 960;       ///< of the picture, in pixels; at least 320
  int row_height = 140;  ///< of each row with its axis, in pixels; at least 80
};

/// Bars of each row's values over the channel's number, rows one below the other, with the mean as a line and a number.
/// Where there are more channels than pixels each column of pixels shows the range of its channels' values (light) and their
/// mean (dark).
/// @return RGB. @throws InputError without rows, for a row without channels, a range whose low end is not below its high
/// end, options out of range, or a picture higher than kMaximumCanvasSide.
Image bar_strip(const std::vector<BarRow>& rows, const BarStripOptions& options);

}  // namespace fovea
