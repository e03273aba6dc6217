#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fovea/draw/chart.h>
#include <fovea/report/learning_curves.h>

namespace fovea {
namespace {

constexpr double kPanelHeight = 250;
constexpr double kWidePanel = 330;    // loss, top-1
constexpr double kNarrowPanel = 170;  // learning rate
constexpr double kPanelGap = 24;      // from a panel to the numbers of the next
constexpr double kNumbers = 46;       // room left of a panel
constexpr double kPicture = 18;       // margin of the picture
constexpr double kHeadline = 34;      // room of the picture's title

const TextStyle kHeadlineStyle{.size = 19, .bold = true, .vertical = TextStyle::Vertical::top};

/// One line of a panel.
struct Curve {
  std::string name;
  Color color;
  std::vector<Point> values;  // epoch, value; finite
};

using CurveValue = std::function<std::optional<double>(const CurvePoint&)>;

Curve curve_of(const std::vector<CurvePoint>& points, const std::string& name, const Color& color,
               const CurveValue& value_of) {
  Curve curve{name, color, {}};
  for (const CurvePoint& point : points) {
    const std::optional<double> value = value_of(point);
    if (value && std::isfinite(*value)) curve.values.push_back({static_cast<double>(point.epoch), *value});
  }
  return curve;
}

const Point* value_at(const Curve& curve, std::int64_t epoch) {
  const auto found = std::find_if(curve.values.begin(), curve.values.end(),
                                  [epoch](const Point& value) { return std::llround(value.x) == epoch; });
  return found == curve.values.end() ? nullptr : &*found;
}

/// Range of all curves' values; {0, 1} without values.
ValueRange values_range(const std::vector<Curve>& curves) {
  ValueRange range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const Curve& curve : curves) {
    for (const Point& value : curve.values) {
      range.low = std::min(range.low, value.y);
      range.high = std::max(range.high, value.y);
    }
  }
  return range.low <= range.high ? range : ValueRange{};
}

Axis epoch_axis(const std::vector<CurvePoint>& points, int most_ticks) {
  if (points.empty()) return {"epoch", {0, 1}, {}};
  const auto first = static_cast<double>(points.front().epoch);
  const auto last = static_cast<double>(points.back().epoch);
  const double margin = std::max(0.5, (last - first) * 0.02);
  Axis axis = exact_axis("epoch", {first, last}, most_ticks, 1);
  axis.range = {first - margin, last + margin};
  return axis;
}

/// "train 0.123": the name, with the value at the selected epoch.
std::string legend_name(const Curve& curve, const CurveOptions& options) {
  const Point* value = options.selected_epoch ? value_at(curve, *options.selected_epoch) : nullptr;
  return value == nullptr ? curve.name : curve.name + " " + number_text(value->y, 0.001);
}

/// Title on the left, legend of the dashed line on the right.
void draw_headline(Canvas& canvas, const CurveOptions& options, double left, double right) {
  if (options.selected_epoch) {
    TextStyle style{.size = 13, .align = TextStyle::Align::right};
    const std::string text = "selected: epoch " + std::to_string(*options.selected_epoch);
    const double baseline = kPicture + 16;
    canvas.text(text, {right, baseline}, style);
    right -= text_extent(text, style).width + 8;
    canvas.line({right - 28, baseline - 4.5}, {right, baseline - 4.5}, {.color = kQuiet, .dash = 4});
    right -= 48;
  }
  canvas.text(fitted_text(options.title, kHeadlineStyle, right - left), {left, kPicture}, kHeadlineStyle);
}

void mark_selected(Canvas& canvas, Chart& chart, const std::vector<Curve>& curves, std::int64_t epoch) {
  for (const Curve& curve : curves) {
    const Point* value = value_at(curve, epoch);
    if (value == nullptr) continue;
    canvas.fill_circle(chart.at(value->x, value->y), 5, kWhite);
    canvas.stroke_circle(chart.at(value->x, value->y), 5, {.color = curve.color, .width = 2.5});
  }
}

struct Panel {
  std::string title;
  Axis epochs;
  Axis values;
  std::vector<Curve> curves;
};

void draw_panel(Canvas& canvas, const Rectangle& plot, const Panel& panel, const CurveOptions& options) {
  Chart chart(canvas, plot, panel.epochs, panel.values);
  const double selected = static_cast<double>(options.selected_epoch.value_or(0));
  if (options.selected_epoch && panel.epochs.range.low < selected && selected < panel.epochs.range.high) {
    chart.vertical(selected, {.color = kQuiet, .dash = 4});
  }
  std::vector<LegendEntry> legend;
  for (const Curve& curve : panel.curves) {
    constexpr std::size_t kMostMarkers = 40;
    chart.line(curve.values, {.color = curve.color, .width = 2.2}, curve.values.size() <= kMostMarkers ? 3.2 : 0);
    if (!curve.values.empty() && !curve.name.empty()) legend.push_back({legend_name(curve, options), curve.color});
  }
  if (options.selected_epoch) mark_selected(canvas, chart, panel.curves, *options.selected_epoch);
  chart.header(panel.title, legend);
}

}  // namespace

Image learning_curves(const std::vector<CurvePoint>& points, const CurveOptions& options) {
  const auto panel = [&](const std::string& title, const CurveValue& train, const CurveValue& validation) {
    const std::vector<Curve> curves = {curve_of(points, "train", kBlue, train),
                                       curve_of(points, "validation", kOrange, validation)};
    return Panel{title, epoch_axis(points, 8), round_axis("", values_range(curves), 6), curves};
  };
  const Panel loss = panel(
      "Loss", [](const CurvePoint& point) { return point.train_loss; },
      [](const CurvePoint& point) { return point.val_loss; });
  const Panel top1 = panel(
      "Top-1", [](const CurvePoint& point) { return point.train_top1; },
      [](const CurvePoint& point) { return point.val_top1; });
  const std::vector<Curve> rate = {
      curve_of(points, "", kQuiet, [](const CurvePoint& point) { return point.learning_rate; })};
  const ValueRange rates = values_range(rate);
  const Panel learning_rate{"Learning rate", epoch_axis(points, 5),
                            round_axis("", {std::min(0.0, rates.low), std::max(0.0, rates.high)}, 6), rate};

  const double headline = options.title.empty() && !options.selected_epoch ? 0 : kHeadline;
  const double top = kPicture + headline + kChartHeader;
  const double width = 2 * kPicture + 3 * kNumbers + 2 * kWidePanel + kNarrowPanel + 2 * kPanelGap;
  Canvas canvas(static_cast<int>(top + kPanelHeight + kChartBottom + kPicture), static_cast<int>(width));
  double left = kPicture + kNumbers;
  draw_headline(canvas, options, left, width - kPicture);
  for (const Panel* next : {&loss, &top1, &learning_rate}) {
    const double panel_width = next == &learning_rate ? kNarrowPanel : kWidePanel;
    draw_panel(canvas, {left, top, panel_width, kPanelHeight}, *next, options);
    left += panel_width + kPanelGap + kNumbers;
  }
  return canvas.image();
}

}  // namespace fovea
