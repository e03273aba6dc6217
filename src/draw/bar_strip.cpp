#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/bar_strip.h>
#include <fovea/draw/canvas.h>

namespace fovea {
namespace {

constexpr double kLeft = 56;         // of the bars: room for the y axis
constexpr double kRight = 112;       // room for the mean's number
constexpr double kRowTitle = 26;     // room above the bars
constexpr double kChannelAxis = 36;  // room below them
constexpr double kStripMargin = 18;  // above and below the rows
constexpr double kStripTitle = 32;
constexpr double kStripSubtitle = 20;

const TextStyle kStripTitleStyle{.size = 19, .bold = true, .vertical = TextStyle::Vertical::top};
const TextStyle kStripSubtitleStyle{.size = 13, .color = kQuiet, .vertical = TextStyle::Vertical::top};
const TextStyle kRowTitleStyle{.size = 13, .bold = true};
const TextStyle kNumberStyle{.size = 11, .color = kQuiet};

/// Lowest, highest and mean of the finite values among some channels.
struct Spread {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double sum = 0;
  std::size_t count = 0;

  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
    ++count;
  }
  double mean() const { return sum / static_cast<double>(count); }
};

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  for (const double value : values) spread.add(value);
  return spread;
}

/// A row's y axis.
struct ValueAxis {
  ValueRange range;
  Ticks ticks;
};

ValueAxis value_axis(const BarRow& row, const Spread& spread) {
  constexpr int kMostTicks = 4;
  if (!row.range) {
    const ValueRange data =
        spread.count == 0 ? ValueRange{} : ValueRange{std::min(0.0, spread.low), std::max(0.0, spread.high)};
    const Ticks ticks = enclosing_ticks(data, kMostTicks);
    return {{ticks.values.front(), ticks.values.back()}, ticks};
  }
  if (row.range->low < row.range->high && std::isfinite(row.range->high - row.range->low)) {
    return {*row.range, round_ticks(*row.range, kMostTicks)};
  }
  throw InputError("bar strip: " + row.title, "a finite range with low below high",
                   number_text(row.range->low) + " to " + number_text(row.range->high));
}

/// Mapping of a row's channels and values to pixels.
struct BarPlot {
  Rectangle box;
  ValueRange range;
  double channels;

  double x(double channel) const { return box.x + box.width * channel / channels; }
  double y(double value) const {
    const double fraction = (std::clamp(value, range.low, range.high) - range.low) / (range.high - range.low);
    return box.y + box.height * (1 - fraction);
  }
  double base() const { return std::clamp(0.0, range.low, range.high); }

  void bar(Canvas& canvas, double left, double right, double from, double to, const Color& color) const {
    constexpr double kThinnest = 1;  // a value on the base line is visible too
    const double middle = (y(from) + y(to)) / 2;
    const double half = std::max(kThinnest, std::abs(y(from) - y(to))) / 2;
    canvas.fill_rectangle({left, middle - half, right - left, 2 * half}, color);
  }
};

void draw_bars(Canvas& canvas, const BarPlot& plot, const std::vector<double>& values) {
  const double pitch = plot.box.width / plot.channels;
  const double gap = pitch < 3 ? 0 : std::min(pitch * 0.2, 6.0);
  for (std::size_t channel = 0; channel < values.size(); ++channel) {
    if (!std::isfinite(values[channel])) continue;
    const double left = plot.x(static_cast<double>(channel)) + gap / 2;
    plot.bar(canvas, left, left + pitch - gap, plot.base(), values[channel], kBlue);
  }
}

void draw_columns(Canvas& canvas, const BarPlot& plot, const std::vector<double>& values) {
  const auto columns = static_cast<std::size_t>(plot.box.width);
  for (std::size_t column = 0; column < columns; ++column) {
    Spread spread;
    const std::size_t end = (column + 1) * values.size() / columns;
    for (std::size_t channel = column * values.size() / columns; channel < end; ++channel) spread.add(values[channel]);
    if (spread.count == 0) continue;
    const double left = plot.box.x + static_cast<double>(column);
    plot.bar(canvas, left, left + 1, plot.base(), spread.mean(), with_alpha(kBlue, 0.55));
    plot.bar(canvas, left, left + 1, spread.low, spread.high, with_alpha(kBlue, 0.45));
    plot.bar(canvas, left, left + 1, spread.mean(), spread.mean(), kBlue);
  }
}

void draw_value_axis(Canvas& canvas, const BarPlot& plot, const Ticks& ticks) {
  const double right = plot.box.x + plot.box.width;
  TextStyle style = kNumberStyle;
  style.align = TextStyle::Align::right;
  style.vertical = TextStyle::Vertical::middle;
  for (const double value : ticks.values) {
    const double y = std::round(plot.y(value)) + 0.5;
    canvas.line({plot.box.x, y}, {right, y}, {.color = kGrid});
    canvas.text(number_text(value, ticks.step), {plot.box.x - 8, y}, style);
  }
}

void draw_channel_axis(Canvas& canvas, const BarPlot& plot) {
  const double base = plot.box.y + plot.box.height;
  TextStyle style = kNumberStyle;
  style.align = TextStyle::Align::centre;
  const Ticks ticks = round_ticks({0, plot.channels - 1}, 9, 1);
  for (const double channel : ticks.values) {
    const double x = plot.x(channel + 0.5);
    canvas.line({x, base + 1}, {x, base + 5}, {.color = kQuiet});
    canvas.text(number_text(channel, ticks.step), {x, base + 17}, style);
  }
  canvas.text("channel", {plot.box.x + plot.box.width / 2, base + 31}, style);
}

/// @return its height.
double draw_mean_line(Canvas& canvas, const BarPlot& plot, double mean) {
  const double y = std::round(plot.y(mean)) + 0.5;
  canvas.line({plot.box.x, y}, {plot.box.x + plot.box.width + 4, y}, {.color = kOrange, .width = 1.5});
  return y;
}

void draw_mean(Canvas& canvas, const BarPlot& plot, double mean) {
  const double right = plot.box.x + plot.box.width;
  const double y = draw_mean_line(canvas, plot, mean);
  const TextStyle style{.size = 12, .bold = true, .color = kOrange, .vertical = TextStyle::Vertical::middle};
  canvas.text("mean " + number_text(mean, (plot.range.high - plot.range.low) / 100), {right + 8, y}, style);
}

/// The bars with both axes in a box.
BarPlot draw_plot(Canvas& canvas, const BarRow& row, const Spread& spread, const Rectangle& box) {
  const ValueAxis axis = value_axis(row, spread);
  const BarPlot plot{box, axis.range, static_cast<double>(row.values.size())};
  draw_value_axis(canvas, plot, axis.ticks);
  if (plot.channels <= plot.box.width) {
    draw_bars(canvas, plot, row.values);
  } else {
    draw_columns(canvas, plot, row.values);
  }
  const double base = std::round(plot.y(plot.base())) + 0.5;
  canvas.line({plot.box.x, base}, {plot.box.x + plot.box.width, base}, {.color = kQuiet});
  draw_channel_axis(canvas, plot);
  return plot;
}

void expect_channels(const BarRow& row) {
  if (row.values.empty()) throw InputError("bar strip: " + row.title, "at least one channel", "none");
}

void draw_row(Canvas& canvas, const BarRow& row, const Rectangle& box) {
  expect_channels(row);
  const Rectangle bars{box.x + kLeft, box.y + kRowTitle, box.width - kLeft - kRight, box.height - kRowTitle - kChannelAxis};
  canvas.text(fitted_text(row.title, kRowTitleStyle, bars.width), {bars.x, bars.y - 11}, kRowTitleStyle);
  const Spread spread = spread_of(row.values);
  const BarPlot plot = draw_plot(canvas, row, spread, bars);
  if (spread.count > 0) draw_mean(canvas, plot, spread.mean());
}

}  // namespace

Image bar_strip(const std::vector<BarRow>& rows, const BarStripOptions& options) {
  if (rows.empty()) throw InputError("bar strip", "at least one row", "none");
  if (options.width < 320 || options.row_height < 80) {
    throw InputError("bar strip", "a width of at least 320 and rows of at least 80 pixels",
                     std::to_string(options.width) + " and " + std::to_string(options.row_height));
  }
  const double below_title = kStripMargin + (options.title.empty() ? 0 : kStripTitle);
  const double top = below_title + (options.subtitle.empty() ? 0 : kStripSubtitle);
  const double height = top + static_cast<double>(rows.size()) * options.row_height + kStripMargin / 2;
  if (height > kMaximumCanvasSide) {
    throw InputError("bar strip", "at most " + std::to_string(kMaximumCanvasSide) + " pixels of height",
                     std::to_string(std::llround(height)), "show fewer rows");
  }
  Canvas canvas(static_cast<int>(height), options.width);
  const double room = options.width - kLeft - kStripMargin;
  canvas.text(fitted_text(options.title, kStripTitleStyle, room), {kLeft, kStripMargin}, kStripTitleStyle);
  canvas.text(fitted_text(options.subtitle, kStripSubtitleStyle, room), {kLeft, below_title - 4}, kStripSubtitleStyle);
  Rectangle box{0, top, static_cast<double>(options.width), static_cast<double>(options.row_height)};
  for (const BarRow& row : rows) {
    draw_row(canvas, row, box);
    box.y += box.height;
  }
  return canvas.image();
}

Image bar_tile(const BarRow& row, int height, int width) {
  constexpr double kTileLeft = 42;  // of the bars: room for the y axis
  constexpr double kTileEdge = 8;   // above and to the right of them
  if (height < 80 || width < 120) {
    throw InputError("bar tile", "at least 80 x 120 pixels", std::to_string(height) + " x " + std::to_string(width));
  }
  expect_channels(row);
  Canvas canvas(height, width);
  const Spread spread = spread_of(row.values);
  const BarPlot plot = draw_plot(canvas, row, spread,
                                 {kTileLeft, kTileEdge, width - kTileLeft - kTileEdge, height - kTileEdge - kChannelAxis});
  if (spread.count > 0) draw_mean_line(canvas, plot, spread.mean());
  return canvas.image();
}

}  // namespace fovea
