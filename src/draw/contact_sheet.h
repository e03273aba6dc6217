#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fovea/draw/color_scale.h>
#include <fovea/image/image.h>

namespace fovea {

struct Tile {
  Image picture;                     ///< any size, 1 or 3 channels
  std::vector<std::string> caption;  ///< lines below the picture, the first one bold; truncated in the middle
  std::optional<ColorScale> scale = std::nullopt;
};

struct SheetOptions {
  std::string title;  ///< none when empty
  int columns = 0;    ///< 0: chosen so that width / height of the sheet is about 1.5
  /// Tiles that belong together, e.g. a photo and its maps: a row holds whole groups, or a group has rows of its own.
  int group = 1;
  int tile_side = 224;  ///< of the square each picture fits into, in pixels; at least 32
};

/// Pictures in rows, each with its caption and its legend, on white. Every picture keeps its aspect: the longer side becomes
/// tile_side. Enlarging twice or more keeps the pixels visible (nearest neighbour), everything else is smooth.
/// @return RGB. @throws InputError without tiles, for options out of range, and when the sheet would be longer than
/// kMaximumCanvasSide.
Image contact_sheet(const std::vector<Tile>& tiles, const SheetOptions& options);

}  // namespace fovea
