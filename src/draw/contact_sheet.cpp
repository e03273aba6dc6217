#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/draw/contact_sheet.h>

namespace fovea {
namespace {

constexpr double kMargin = 20;       // around the sheet
constexpr double kTileGap = 16;      // between neighbours
constexpr double kGroupGap = 14;     // more than that, between rows of different groups
constexpr double kTitleRoom = 34;    // above the first row
constexpr double kCaptionGap = 6;    // between a picture and what is below it
constexpr double kCaptionLine = 17;  // from line to line

const TextStyle kTitleStyle{.size = 19, .bold = true, .vertical = TextStyle::Vertical::top};
const TextStyle kFirstLineStyle{.size = 13, .bold = true, .vertical = TextStyle::Vertical::top};
const TextStyle kLineStyle{.size = 12, .color = kQuiet, .vertical = TextStyle::Vertical::top};

/// A picture's size in its tile.
struct FittedSize {
  double height, width;
  Scaling scaling;
};

FittedSize fitted_size(const Image& picture, int side) {
  if (picture.pixels.empty()) throw InputError("contact sheet", "pictures with pixels", "an empty one");
  const double factor = static_cast<double>(side) / std::max(picture.height, picture.width);
  const auto scaled = [factor](int length) { return std::max(1.0, std::round(length * factor)); };
  return {scaled(picture.height), scaled(picture.width), factor >= 2 ? Scaling::nearest : Scaling::smooth};
}

/// Room for the legend of a tile's colours, if it has one.
double legend_height(const Tile& tile) {
  return tile.scale ? kCaptionGap + kColorScaleRoom : 0;
}

double caption_height(const Tile& tile) {
  return tile.caption.empty() ? 0 : kCaptionGap + kCaptionLine * static_cast<double>(tile.caption.size());
}

/// Common layout of the tiles of a row: pictures end on one line, with their legends and captions below it.
struct SheetRow {
  double top = 0;
  double picture_height = 0;
  double text_height = 0;

  double height() const { return picture_height + text_height; }

  void hold(const Tile& tile, int side) {
    picture_height = std::max(picture_height, fitted_size(tile.picture, side).height);
    text_height = std::max(text_height, legend_height(tile) + caption_height(tile));
  }
};

/// Rows and columns of a sheet's tiles. A row holds whole groups, or a group begins a row and continues in the next ones.
class SheetGrid {
 public:
  SheetGrid(int tiles, int group, int columns)
      : group_(std::min(group, tiles)),
        columns_(group_ <= columns ? columns / group_ * group_ : columns),
        rows_of_group_((group_ + columns_ - 1) / columns_) {
    rows_ = row_of(tiles - 1) + 1;
  }

  int columns() const { return columns_; }
  int rows() const { return rows_; }
  int column_of(int tile) const { return group_ <= columns_ ? tile % columns_ : tile % group_ % columns_; }
  int row_of(int tile) const {
    return group_ <= columns_ ? tile / columns_ : tile / group_ * rows_of_group_ + tile % group_ / columns_;
  }
  /// True when a row above this one ends a group that has rows of its own.
  bool begins_group(int row) const { return row > 0 && group_ > 1 && row % rows_of_group_ == 0; }

 private:
  int group_;
  int columns_;
  int rows_of_group_;
  int rows_ = 0;
};

/// Grid of a sheet: trade-off between its aspect and empty tiles.
SheetGrid chosen_grid(int tiles, int group, double tile_width, double tile_height) {
  constexpr double kTargetAspect = 1.5;
  constexpr double kEmptyWeight = 2;  // four tiles are better in two rows of two than in rows of three and one
  SheetGrid best(tiles, group, 1);
  double least = std::numeric_limits<double>::infinity();
  for (int columns = 1; columns <= tiles; ++columns) {
    const SheetGrid grid(tiles, group, columns);
    const double aspect = grid.columns() * tile_width / (grid.rows() * tile_height);
    const double empty = 1 - static_cast<double>(tiles) / (grid.rows() * grid.columns());
    const double cost = std::abs(std::log(aspect / kTargetAspect)) + kEmptyWeight * empty;
    if (cost < least) {
      least = cost;
      best = grid;
    }
  }
  return best;
}

void draw_tile(Canvas& canvas, const Tile& tile, Point corner, const SheetRow& row, int side) {
  const FittedSize size = fitted_size(tile.picture, side);
  const Rectangle box{corner.x + std::floor((side - size.width) / 2), corner.y + row.picture_height - size.height,
                      size.width, size.height};
  canvas.draw(tile.picture, box, size.scaling);

  double y = corner.y + row.picture_height;
  if (tile.scale) {
    const Rectangle legend{corner.x, y + kCaptionGap, static_cast<double>(side), kColorScaleRoom};
    draw_color_scale(canvas, legend, *tile.scale);
  }
  y += legend_height(tile) + kCaptionGap;
  for (std::size_t i = 0; i < tile.caption.size(); ++i) {
    const TextStyle& style = i == 0 ? kFirstLineStyle : kLineStyle;
    const double width = side - 1;  // the last letter's edge may reach into the next pixel
    canvas.text(fitted_text(tile.caption[i], style, width, Truncation::middle), {corner.x, y}, style);
    y += kCaptionLine;
  }
}

}  // namespace

Image contact_sheet(const std::vector<Tile>& tiles, const SheetOptions& options) {
  const int side = options.tile_side;
  if (tiles.empty()) throw InputError("contact sheet", "at least one picture", "none");
  if (options.columns < 0) throw InputError("contact sheet", "columns >= 0", std::to_string(options.columns));
  if (options.group < 1) throw InputError("contact sheet", "groups of at least 1 tile", std::to_string(options.group));
  if (side < 32) throw InputError("contact sheet", "tiles of at least 32 pixels", std::to_string(side));

  SheetRow largest;
  for (const Tile& tile : tiles) largest.hold(tile, side);
  const int count = static_cast<int>(tiles.size());
  const SheetGrid grid = options.columns > 0
                             ? SheetGrid(count, options.group, std::min(options.columns, count))
                             : chosen_grid(count, options.group, side + kTileGap, largest.height() + kTileGap);
  std::vector<SheetRow> rows(static_cast<std::size_t>(grid.rows()));
  const auto row_of = [&](int i) -> SheetRow& { return rows[static_cast<std::size_t>(grid.row_of(i))]; };
  for (int i = 0; i < count; ++i) row_of(i).hold(tiles[static_cast<std::size_t>(i)], side);

  const double top = kMargin + (options.title.empty() ? 0 : kTitleRoom);
  const double width = 2 * kMargin + grid.columns() * (side + kTileGap) - kTileGap;
  double height = top - kTileGap;
  for (int i = 0; i < grid.rows(); ++i) {
    SheetRow& row = rows[static_cast<std::size_t>(i)];
    row.top = height + kTileGap + (grid.begins_group(i) ? kGroupGap : 0);
    height = row.top + row.height();
  }
  height += kMargin;
  if (std::max(width, height) > kMaximumCanvasSide) {
    throw InputError("contact sheet", "at most " + std::to_string(kMaximumCanvasSide) + " pixels per side",
                     std::to_string(std::llround(std::max(width, height))), "show fewer or smaller pictures");
  }

  Canvas canvas(static_cast<int>(height), static_cast<int>(width));
  canvas.text(fitted_text(options.title, kTitleStyle, width - 2 * kMargin), {kMargin, kMargin}, kTitleStyle);
  for (int i = 0; i < count; ++i) {
    const SheetRow& row = row_of(i);
    const Point corner{kMargin + grid.column_of(i) * (side + kTileGap), row.top};
    draw_tile(canvas, tiles[static_cast<std::size_t>(i)], corner, row, side);
  }
  return canvas.image();
}

}  // namespace fovea
