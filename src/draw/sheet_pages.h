#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fovea/draw/contact_sheet.h>

namespace fovea {

/// A contact sheet of any number of photos: pages of up to 36 tiles, or of one photo, each written when it is full.
class SheetPages {
 public:
  /// Removes every page of an earlier series with the same stem, so that no page shows photos of another series.
  /// @param stem path of the pages: <stem>.png, <stem>-2.png, ... @param tiles_per_photo tiles that stay together.
  SheetPages(std::string stem, std::string title, std::int64_t tiles_per_photo);

  /// @param tiles of one photo. @return path of the page that they come on. @throws SystemError.
  std::string add(std::vector<Tile> tiles);
  /// Writes the last page. @return the paths of all pages.
  std::vector<std::string> finish();

 private:
  void write_page();
  std::string path_of(std::size_t page) const;

  std::string stem_;
  std::string title_;
  std::int64_t tiles_per_photo_;
  std::vector<Tile> tiles_;
  std::vector<std::string> pages_;
};

}  // namespace fovea
