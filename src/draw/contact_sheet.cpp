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

/// Common layout of the tiles of a row.
struct SheetRow {
  double picture_height = 0;
  double scale_height = 0;
  double caption_height = 0;

  double height() const { return picture_height + scale_height + caption_height; }

  void hold(const Tile& tile, int side) {
    picture_height = std::max(picture_height, fitted_size(tile.picture, side).height);
    if (tile.scale) scale_height = kCaptionGap + kColorScaleRoom;
    if (tile.caption.empty()) return;
    caption_height = std::max(caption_height, kCaptionGap + kCaptionLine * static_cast<double>(tile.caption.size()));
  }
};

/// Number of columns: trade-off between the aspect of the sheet and empty tiles in its last row.
int chosen_columns(int tiles, double tile_width, double tile_height) {
  constexpr double kTargetAspect = 1.5;
  int best = 1;
  double least = std::numeric_limits<double>::infinity();
  for (int columns = 1; columns <= tiles; ++columns) {
    const int rows = (tiles + columns - 1) / columns;
    const double aspect = columns * tile_width / (rows * tile_height);
    const double empty = 1 - static_cast<double>(tiles) / (rows * columns);
    const double cost = std::abs(std::log(aspect / kTargetAspect)) + empty;
    if (cost < least) {
      least = cost;
      best = columns;
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
  y += row.scale_height + kCaptionGap;
  for (std::size_t i = 0; i < tile.caption.size(); ++i) {
    const TextStyle& style = i == 0 ? kFirstLineStyle : kLineStyle;
    canvas.text(fitted_text(tile.caption[i], style, side), {corner.x, y}, style);
    y += kCaptionLine;
  }
}

}  // namespace

Image contact_sheet(const std::vector<Tile>& tiles, const SheetOptions& options) {
  const int side = options.tile_side;
  if (tiles.empty()) throw InputError("contact sheet", "at least one picture", "none");
  if (options.columns < 0) throw InputError("contact sheet", "columns >= 0", std::to_string(options.columns));
  if (side < 32) throw InputError("contact sheet", "tiles of at least 32 pixels", std::to_string(side));

  SheetRow largest;
  for (const Tile& tile : tiles) largest.hold(tile, side);
  const int count = static_cast<int>(tiles.size());
  const int columns = options.columns > 0 ? std::min(options.columns, count)
                                          : chosen_columns(count, side + kTileGap, largest.height() + kTileGap);
  std::vector<SheetRow> rows(static_cast<std::size_t>((count + columns - 1) / columns));
  for (int i = 0; i < count; ++i) rows[static_cast<std::size_t>(i / columns)].hold(tiles[static_cast<std::size_t>(i)], side);

  const double top = kMargin + (options.title.empty() ? 0 : kTitleRoom);
  const double width = 2 * kMargin + columns * (side + kTileGap) - kTileGap;
  double height = top + kMargin - kTileGap;
  for (const SheetRow& row : rows) height += row.height() + kTileGap;
  if (std::max(width, height) > kMaximumCanvasSide) {
    throw InputError("contact sheet", "at most " + std::to_string(kMaximumCanvasSide) + " pixels per side",
                     std::to_string(std::llround(std::max(width, height))), "show fewer or smaller pictures");
  }

  Canvas canvas(static_cast<int>(height), static_cast<int>(width));
  canvas.text(fitted_text(options.title, kTitleStyle, width - 2 * kMargin), {kMargin, kMargin}, kTitleStyle);
  Point corner{kMargin, top};
  for (int i = 0; i < count; ++i) {
    const SheetRow& row = rows[static_cast<std::size_t>(i / columns)];
    draw_tile(canvas, tiles[static_cast<std::size_t>(i)], corner, row, side);
    corner.x += side + kTileGap;
    if (i % columns == columns - 1) corner = {kMargin, corner.y + row.height() + kTileGap};
  }
  return canvas.image();
}

}  // namespace fovea
