#include <algorithm>
#include <cmath>
#include <numeric>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/canvas.h>
#include <fovea/draw/zoomed_image.h>
#include <fovea/explain/glimpse_drawing.h>
#include <fovea/explain/glimpse_panel.h>

namespace fovea {
namespace {

constexpr double kMargin = 20;      // around the picture, and between photo and table
constexpr double kHead = 48;        // title and result
constexpr double kNumbers = 34;     // height of the row with the steps' numbers
constexpr double kMostNames = 120;  // largest width of the rows' names
constexpr double kNamesGap = 12;    // right of the names
constexpr double kGap = 8;          // between cells of the table
constexpr double kBar = 20;         // height of a class's row

const TextStyle kTitleStyle{.size = 18, .bold = true, .vertical = TextStyle::Vertical::top};
const TextStyle kResultStyle{.size = 13, .color = kQuiet, .vertical = TextStyle::Vertical::top};
const TextStyle kNameStyle{
    .size = 12, .color = kInk, .align = TextStyle::Align::right, .vertical = TextStyle::Vertical::middle};

/// The photo shrunk to a longer side, or enlarged to it by an integer factor, so that pixels stay visible as squares.
Image fitted(const Image& photo, double longer_side) {
  const double longer = std::max(photo.height, photo.width);
  const double factor = longer > longer_side ? longer_side / longer : std::floor(longer_side / longer);
  return zoomed_image(photo, factor);
}

/// The photo at another size, with its glimpses.
Image drawn_at(const Image& picture, const Image& photo, const std::vector<PhotoGlimpse>& glimpses,
               const GlimpseMoment& moment) {
  const double factor_x = static_cast<double>(picture.width) / photo.width;
  const double factor_y = static_cast<double>(picture.height) / photo.height;
  return draw_glimpses(picture, scaled_glimpses(glimpses, factor_x, factor_y), moment);
}

/// Size of a window on the photo, as text.
std::string window_text(const Box& window) {
  const double width = window.right - window.left;
  const double height = window.bottom - window.top;
  const bool is_square = std::abs(width - height) < 0.02 * std::max(width, height);  // within the rounding of the resize
  const auto text = [](double side) { return std::to_string(std::llround(side)); };
  return text(width) + (is_square ? "" : " x " + text(height)) + " px";
}

/// Table with a row for each scale and each class of interest, and a column for each step.
class GlimpseTable {
 public:
  GlimpseTable(const std::vector<PhotoGlimpse>& glimpses, const GlimpseTexts& texts, ColorMap color_map, double tile)
      : glimpses_(glimpses), texts_(texts), color_map_(color_map), tile_(tile) {
    for (const std::string& name : row_names()) names_ = std::max(names_, text_extent(name, kNameStyle).width);
    names_ = std::min(names_, kMostNames) + kNamesGap;
  }

  double width(std::size_t columns) const { return names_ + static_cast<double>(columns) * (tile_ + kGap) - kGap; }
  double height() const { return height(glimpses_[0].windows.size(), texts_.followed.size(), tile_); }

  /// @param scales, classes of rows.
  static double height(std::size_t scales, std::size_t classes, double tile) {
    return kNumbers + static_cast<double>(scales) * (tile + kGap) + kGap + static_cast<double>(classes) * kBar;
  }

  /// Steps [first, end), from a corner on.
  void draw(Canvas& canvas, Point corner, std::size_t first, std::size_t end) const {
    draw_names(canvas, corner);
    double x = corner.x + names_;
    for (std::size_t step = first; step < end; ++step, x += tile_ + kGap) draw_step(canvas, {x, corner.y}, step);
  }

 private:
  double scale_y(std::size_t scale) const { return kNumbers + static_cast<double>(scale) * (tile_ + kGap); }
  double class_y(std::size_t row) const {
    return scale_y(glimpses_[0].windows.size()) + kGap + kBar * static_cast<double>(row);
  }

  std::vector<std::string> row_names() const {
    std::vector<std::string> names;
    for (const Box& window : glimpses_[0].windows) names.push_back(window_text(window));
    for (const std::int64_t label : texts_.followed) names.push_back(texts_.classes[static_cast<std::size_t>(label)]);
    return names;
  }

  void draw_names(Canvas& canvas, Point corner) const {
    const std::vector<std::string> names = row_names();
    const std::size_t scales = glimpses_[0].windows.size();
    const double room = names_ - kNamesGap;
    for (std::size_t row = 0; row < names.size(); ++row) {
      const double y = row < scales ? scale_y(row) + tile_ / 2 : class_y(row - scales) + kBar / 2;
      canvas.text(fitted_text(names[row], kNameStyle, room + 0.5), {corner.x + room, corner.y + y}, kNameStyle);
    }
  }

  void draw_step(Canvas& canvas, Point corner, std::size_t step) const {
    const PhotoGlimpse& glimpse = glimpses_[step];
    const Color color = to_color(step_color(color_map_, step, glimpses_.size()));
    draw_step_number(canvas, {corner.x + tile_ / 2, corner.y + kNumbers / 2 - 3}, 11, step, color);
    for (std::size_t scale = 0; scale < glimpse.patches.size(); ++scale) {
      const Rectangle place{corner.x, corner.y + scale_y(scale), tile_, tile_};
      canvas.draw(glimpse.patches[scale], place,
                  2 * glimpse.patches[scale].width <= tile_ ? Scaling::nearest : Scaling::smooth);
      canvas.stroke_rectangle(place, {.color = color, .width = scale == 0 ? 3.0 : 2.0});
    }
    const double highest = *std::max_element(glimpse.probabilities.begin(), glimpse.probabilities.end());
    for (std::size_t row = 0; row < texts_.followed.size(); ++row) {
      const double probability = glimpse.probabilities[static_cast<std::size_t>(texts_.followed[row])];
      draw_bar(canvas, {corner.x, corner.y + class_y(row), tile_, kBar}, probability, probability == highest);
    }
  }

  /// @param leads true for the most probable class.
  static void draw_bar(Canvas& canvas, const Rectangle& cell, double probability, bool leads) {
    constexpr double kNumberRoom = 50;
    constexpr double kThickness = 11;
    const double room = cell.width - kNumberRoom;
    const double top = cell.y + (cell.height - kThickness) / 2;
    canvas.fill_rectangle({cell.x, top, room, kThickness}, kGrid);
    canvas.fill_rectangle({cell.x, top, probability * room, kThickness}, leads ? kBlue : kQuiet);
    canvas.text(percent_text(probability, 1), {cell.x + cell.width, cell.y + cell.height / 2},
                {.size = 11.5,
                 .bold = leads,
                 .color = leads ? kInk : kQuiet,
                 .align = TextStyle::Align::right,
                 .vertical = TextStyle::Vertical::middle});
  }

  const std::vector<PhotoGlimpse>& glimpses_;
  const GlimpseTexts& texts_;
  ColorMap color_map_;
  double tile_;
  double names_ = 0;  // room to the left of the columns
};

/// White canvas with a title and a second line. @param width, height of the area below them, inside the margins.
Canvas titled_canvas(double width, double height, const std::string& title, const std::string& second_line) {
  const double whole_width = width + 2 * kMargin;
  const double whole_height = height + kHead + 2 * kMargin;
  if (std::max(whole_width, whole_height) > kMaximumCanvasSide) {
    throw InputError("glimpses",
                     "so many that the picture has at most " + std::to_string(kMaximumCanvasSide) + " pixels per side",
                     std::to_string(std::llround(whole_height)));
  }
  Canvas canvas(static_cast<int>(std::ceil(whole_height)), static_cast<int>(std::ceil(whole_width)));
  canvas.text(fitted_text(title, kTitleStyle, width), {kMargin, kMargin}, kTitleStyle);
  canvas.text(fitted_text(second_line, kResultStyle, width), {kMargin, kMargin + 25}, kResultStyle);
  return canvas;
}

void place_picture(Canvas& canvas, const Image& picture) {
  canvas.draw(picture, {kMargin, kMargin + kHead, static_cast<double>(picture.width), static_cast<double>(picture.height)},
              Scaling::nearest);
}

void expect_some(const std::vector<PhotoGlimpse>& glimpses) {
  if (glimpses.empty()) throw InputError("glimpses", "at least one", "none");
}

}  // namespace

std::vector<std::int64_t> followed_classes(const std::vector<PhotoGlimpse>& glimpses,
                                           const std::vector<std::int64_t>& explained) {
  expect_some(glimpses);
  constexpr std::size_t kAtTheEnd = 3;
  constexpr std::size_t kMost = 7;
  const std::vector<double>& last = glimpses.back().probabilities;
  std::vector<std::int64_t> order(last.size());
  std::iota(order.begin(), order.end(), 0);
  const auto probability = [&](std::int64_t label) { return last[static_cast<std::size_t>(label)]; };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return probability(a) > probability(b); });

  // In order of importance, up to kMost.
  std::vector<std::int64_t> followed = explained;
  const auto follow = [&](std::int64_t label) {
    const bool is_new = std::find(followed.begin(), followed.end(), label) == followed.end();
    if (is_new && followed.size() < kMost) followed.push_back(label);
  };
  for (std::size_t i = 0; i < std::min(kAtTheEnd, order.size()); ++i) follow(order[i]);
  for (auto glimpse = glimpses.rbegin(); glimpse != glimpses.rend(); ++glimpse) {
    const auto leader = std::max_element(glimpse->probabilities.begin(), glimpse->probabilities.end());
    follow(leader - glimpse->probabilities.begin());
  }
  std::stable_sort(followed.begin(), followed.end(), [&](auto a, auto b) { return probability(a) > probability(b); });
  return followed;
}

Image glimpse_panel(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseTexts& texts,
                    ColorMap color_map) {
  expect_some(glimpses);
  constexpr double kTile = 84;
  constexpr std::size_t kColumns = 8;  // more when the bands would be higher than a canvas
  constexpr double kLeastPhoto = 360;  // enlarged by an integer factor up to this, a photo has room for numbers
  constexpr double kLargestPhoto = 480;
  const std::size_t steps = glimpses.size();
  const GlimpseTable table(glimpses, texts, color_map, kTile);
  const double band = table.height() + kMargin;
  const auto most_bands = static_cast<std::size_t>((kMaximumCanvasSide - kHead - kMargin) / band);
  const std::size_t bands =
      std::clamp<std::size_t>((steps + kColumns - 1) / kColumns, 1, std::max<std::size_t>(1, most_bands));
  const std::size_t columns = (steps + bands - 1) / bands;
  const double table_height = static_cast<double>(bands) * band - kMargin;

  const Image picture = drawn_at(fitted(photo, std::clamp(table_height, kLeastPhoto, kLargestPhoto)), photo, glimpses,
                                 {color_map, std::nullopt});
  Canvas canvas = titled_canvas(picture.width + kMargin + table.width(columns),
                                std::max<double>(picture.height, table_height), texts.title, texts.result);
  place_picture(canvas, picture);
  Point corner{kMargin + picture.width + kMargin, kMargin + kHead};
  for (std::size_t first = 0; first < steps; first += columns, corner.y += band) {
    table.draw(canvas, corner, first, std::min(first + columns, steps));
  }
  return canvas.image();
}

Animation glimpse_animation(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseTexts& texts,
                            ColorMap color_map) {
  expect_some(glimpses);
  constexpr double kLargestPhoto = 1024;
  constexpr double kEnlargedPhoto = 480;
  constexpr int kShown = 800;  // ms
  constexpr double kSmallestTile = 84;
  constexpr double kLargestTile = 144;
  const Image picture =
      fitted(photo, std::clamp<double>(std::max(photo.height, photo.width), kEnlargedPhoto, kLargestPhoto));
  const double room = (picture.height - GlimpseTable::height(0, texts.followed.size(), 0)) /
                          static_cast<double>(glimpses[0].windows.size()) -
                      kGap;
  const double tile = std::clamp(std::floor(room), kSmallestTile, kLargestTile);
  const GlimpseTable table(glimpses, texts, color_map, tile);
  const double height = std::max<double>(picture.height, table.height());

  Animation animation;
  for (std::size_t step = 0; step < glimpses.size(); ++step) {
    const std::string count = "glimpse " + std::to_string(step + 1) + " of " + std::to_string(glimpses.size());
    const bool is_last = step + 1 == glimpses.size();
    Canvas canvas = titled_canvas(picture.width + kMargin + table.width(1), height, texts.title,
                                  is_last ? count + ": " + texts.result : count);
    place_picture(canvas, drawn_at(picture, photo, glimpses, {color_map, step}));
    table.draw(canvas, {kMargin + picture.width + kMargin, kMargin + kHead}, step, step + 1);
    animation.add(canvas.image(), is_last ? 3 * kShown : kShown);
  }
  return animation;
}

}  // namespace fovea
