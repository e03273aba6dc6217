#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fovea/base/error.h>
#include <fovea/draw/canvas.h>
#include <fovea/draw/color_scale.h>
#include <fovea/draw/ticks.h>
#include <fovea/image/color_map.h>
#include <fovea/report/confusion_picture.h>

namespace fovea {
namespace {

constexpr Rgb8 kNoImages{229, 231, 235};
constexpr int kMostNumberedClasses = 20;  // with fractions in the cells
constexpr int kMostNamedClasses = 80;
constexpr double kLongestName = 150;  // in pixels
constexpr double kLegendWidth = 64;
constexpr double kHeading = 62;  // title and legend of the cells
constexpr double kBorder = 20;

const TextStyle kHeadingStyle{.size = 19, .bold = true, .vertical = TextStyle::Vertical::top};
const TextStyle kMeaningStyle{.size = 12.5, .color = kQuiet, .vertical = TextStyle::Vertical::top};
const TextStyle kClassAxisStyle{.size = 13, .bold = true, .align = TextStyle::Align::centre};

/// From white over blue to almost black. Steep at first: confusions of interest are small fractions.
const ColorTable& fraction_colors() {
  static const ColorTable table = [] {
    struct Anchor {
      double fraction;
      Color color;
    };
    const std::vector<Anchor> anchors = {
        {0, kWhite},  {0.03, to_color({222, 234, 246})}, {0.12, to_color({176, 206, 234})}, {0.35, to_color({98, 156, 211})},
        {0.7, kBlue}, {1, to_color({16, 44, 92})}};
    ColorTable colors;
    for (std::size_t i = 0; i < colors.size(); ++i) {
      const double fraction = static_cast<double>(i) / 255;
      const auto above = std::find_if(anchors.begin() + 1, anchors.end() - 1,
                                      [fraction](const Anchor& anchor) { return anchor.fraction >= fraction; });
      const Anchor& from = *(above - 1);
      const double weight = (fraction - from.fraction) / (above->fraction - from.fraction);
      const auto mixed = [weight](double low, double high) {
        return static_cast<std::uint8_t>(std::lround(255 * (low + weight * (high - low))));
      };
      colors[i] = {mixed(from.color.red, above->color.red), mixed(from.color.green, above->color.green),
                   mixed(from.color.blue, above->color.blue)};
    }
    return colors;
  }();
  return table;
}

/// One pixel per cell, or per square of cells where there are more than kMostPixels in a row.
Image fraction_pixels(const ConfusionMatrix& confusion) {
  constexpr std::int64_t kMostPixels = 1000;
  const std::int64_t side = std::min(confusion.classes(), kMostPixels);
  const auto pixel_of = [&](std::int64_t label) { return static_cast<std::size_t>(label * side / confusion.classes()); };
  const auto count = static_cast<std::size_t>(side);
  std::vector<std::int64_t> cells(count * count);
  std::vector<std::int64_t> rows(count);
  for (const ConfusionMatrix::Cell& cell : confusion.cells()) {
    cells[pixel_of(cell.truth) * count + pixel_of(cell.predicted)] += cell.images;
    rows[pixel_of(cell.truth)] += cell.images;
  }
  Image pixels(static_cast<int>(side), static_cast<int>(side), 3);
  std::uint8_t* target = pixels.pixels.data();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto images = static_cast<double>(rows[i / count]);
    const Rgb8 color = images > 0 ? color_of(fraction_colors(), static_cast<double>(cells[i]) / images) : kNoImages;
    *target++ = color.red;
    *target++ = color.green;
    *target++ = color.blue;
  }
  return pixels;
}

std::string title_of(const ConfusionMatrix& confusion) {
  std::int64_t images = 0;
  std::int64_t correct = 0;
  for (const ConfusionMatrix::Cell& cell : confusion.cells()) {
    images += cell.images;
    correct += cell.truth == cell.predicted ? cell.images : 0;
  }
  if (images == 0) return "Confusion matrix: no images";
  const double top1 = static_cast<double>(correct) / static_cast<double>(images);
  return "Confusion matrix: top-1 " + number_text(top1, 0.001) + " on " + std::to_string(images) + " images";
}

/// Layout for a number of classes and their names.
struct ConfusionLayout {
  double cell;      // side of a cell
  double side;      // of the matrix
  double names;     // room for the longest name
  TextStyle style;  // of the names
  bool has_names;
};

ConfusionLayout layout_of(const std::vector<std::string>& classes) {
  constexpr double kLargestSide = 1000;
  constexpr double kSmallestNumberedCell = 40;
  const int count = static_cast<int>(classes.size());
  ConfusionLayout layout{};
  layout.has_names = count <= kMostNamedClasses;
  layout.cell = std::floor(kLargestSide / count);
  if (count <= kMostNumberedClasses) layout.cell = std::clamp(std::floor(560.0 / count), kSmallestNumberedCell, 88.0);
  if (count > kMostNumberedClasses && layout.has_names) layout.cell = std::clamp(layout.cell, 12.0, 26.0);
  layout.side = layout.cell >= 1 ? layout.cell * count : kLargestSide;
  layout.style = {.size = std::clamp(layout.cell - 2, 10.0, 13.0), .vertical = TextStyle::Vertical::middle};
  layout.names = 34;  // the numbers of unnamed classes
  if (!layout.has_names) return layout;
  for (const std::string& name : classes) {
    layout.names = std::max(layout.names, std::min(kLongestName, text_extent(name, layout.style).width));
  }
  return layout;
}

void draw_names(Canvas& canvas, const ConfusionLayout& layout, Point corner, const std::vector<std::string>& classes) {
  TextStyle style = layout.style;
  style.align = TextStyle::Align::right;
  TextStyle slanted = style;
  slanted.rotation = 45;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const std::string name = fitted_text(classes[k], style, kLongestName);
    const double middle = (static_cast<double>(k) + 0.5) * layout.cell;
    canvas.text(name, {corner.x - 8, corner.y + middle}, style);
    canvas.text(name, {corner.x + middle + 3, corner.y + layout.side + 9}, slanted);
  }
}

void draw_numbers(Canvas& canvas, const ConfusionLayout& layout, Point corner, std::size_t count) {
  const double pitch = layout.side / static_cast<double>(count);
  TextStyle row{.size = 12, .color = kQuiet, .align = TextStyle::Align::right, .vertical = TextStyle::Vertical::middle};
  TextStyle column{.size = 12, .color = kQuiet, .align = TextStyle::Align::centre, .vertical = TextStyle::Vertical::top};
  const Ticks ticks = round_ticks({0, static_cast<double>(count) - 1}, 12, 1);
  for (const double number : ticks.values) {
    const double middle = (number + 0.5) * pitch;
    const std::string text = number_text(number, ticks.step);
    canvas.line({corner.x - 5, corner.y + middle}, {corner.x, corner.y + middle}, {.color = kQuiet});
    canvas.text(text, {corner.x - 8, corner.y + middle}, row);
    const double bottom = corner.y + layout.side;
    canvas.line({corner.x + middle, bottom}, {corner.x + middle, bottom + 5}, {.color = kQuiet});
    canvas.text(text, {corner.x + middle, bottom + 7}, column);
  }
}

/// Colour of a number on its cell: with contrast, and grey for a small fraction.
Color number_color(double fraction) {
  const Rgb8 cell = color_of(fraction_colors(), fraction);
  constexpr double kSmallFraction = 0.015;
  if (fraction < kSmallFraction) return kQuiet;
  return luma(cell) < 140 ? kWhite : kInk;
}

void draw_cell_borders(Canvas& canvas, const ConfusionLayout& layout, Point corner, std::size_t count) {
  for (std::size_t k = 1; k < count; ++k) {
    const double offset = static_cast<double>(k) * layout.cell - 0.5;
    canvas.line({corner.x + offset, corner.y}, {corner.x + offset, corner.y + layout.side}, {.color = kGrid});
    canvas.line({corner.x, corner.y + offset}, {corner.x + layout.side, corner.y + offset}, {.color = kGrid});
  }
}

void draw_fractions(Canvas& canvas, const ConfusionLayout& layout, Point corner, const ConfusionMatrix& confusion) {
  TextStyle style{.size = 13, .align = TextStyle::Align::centre, .vertical = TextStyle::Vertical::middle};
  for (const ConfusionMatrix::Cell& cell : confusion.cells()) {
    const double fraction = static_cast<double>(cell.images) / static_cast<double>(confusion.images(cell.truth));
    style.color = number_color(fraction);
    style.bold = cell.truth == cell.predicted;
    canvas.text(number_text(fraction, 0.01),
                {corner.x + (static_cast<double>(cell.predicted) + 0.5) * layout.cell,
                 corner.y + (static_cast<double>(cell.truth) + 0.5) * layout.cell},
                style);
  }
}

}  // namespace

Image confusion_picture(const ConfusionMatrix& confusion, const std::vector<std::string>& classes) {
  if (std::ssize(classes) != confusion.classes()) {
    throw InputError("confusion picture", std::to_string(confusion.classes()) + " class names",
                     std::to_string(classes.size()));
  }
  const ConfusionLayout layout = layout_of(classes);
  const std::string title = title_of(confusion);
  constexpr double kAxisName = 26;
  const Point corner{kBorder + kAxisName + layout.names + 8, kBorder + kHeading};
  const double below = (layout.has_names ? layout.names * std::sqrt(0.5) + 18 : 26) + kAxisName;
  const double matrix_width = corner.x + layout.side + kLegendWidth + kBorder;
  const double width = std::max(matrix_width, 2 * kBorder + text_extent(title, kHeadingStyle).width);

  Canvas canvas(static_cast<int>(std::ceil(corner.y + layout.side + below + kBorder)), static_cast<int>(std::ceil(width)));
  canvas.text(title, {kBorder, kBorder}, kHeadingStyle);
  canvas.text("fraction of each true class's images", {kBorder, kBorder + 28}, kMeaningStyle);

  const bool larger = layout.cell >= 1;
  canvas.draw(fraction_pixels(confusion), {corner.x, corner.y, layout.side, layout.side},
              larger ? Scaling::nearest : Scaling::smooth);
  if (layout.has_names) {
    draw_names(canvas, layout, corner, classes);
  } else {
    draw_numbers(canvas, layout, corner, classes.size());
  }
  if (classes.size() <= kMostNumberedClasses) {
    draw_cell_borders(canvas, layout, corner, classes.size());
    draw_fractions(canvas, layout, corner, confusion);
  }
  canvas.stroke_rectangle({corner.x - 0.5, corner.y - 0.5, layout.side + 1, layout.side + 1}, {.color = kQuiet});

  canvas.text("predicted class", {corner.x + layout.side / 2, canvas.height() - kBorder - 2}, kClassAxisStyle);
  TextStyle upward = kClassAxisStyle;
  upward.rotation = 90;
  canvas.text("true class", {kBorder + 10, corner.y + layout.side / 2}, upward);
  const double legend_height = std::min(layout.side, 260.0);
  draw_color_scale(canvas, {corner.x + layout.side + 16, corner.y, kLegendWidth - 16, legend_height}, fraction_colors(),
                   {0, 1});
  return canvas.image();
}

}  // namespace fovea
