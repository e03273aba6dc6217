#include "sheet_pages.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fovea/image/encode.h>

namespace fovea {
namespace {

constexpr std::int64_t kColumns = 6;
constexpr std::int64_t kRows = 6;

}  // namespace

SheetPages::SheetPages(std::string stem, std::string title, std::int64_t tiles_per_photo)
    : stem_(std::move(stem)),
      title_(std::move(title)),
      columns_(tiles_per_photo * std::max<std::int64_t>(1, kColumns / tiles_per_photo)) {
  std::error_code ignored;
  for (std::size_t page = 0; std::filesystem::remove(path_of(page), ignored); ++page) {
  }
}

void SheetPages::add(std::vector<Tile> tiles) {
  std::move(tiles.begin(), tiles.end(), std::back_inserter(tiles_));
  if (std::ssize(tiles_) >= columns_ * kRows) write_page();
}

std::vector<std::string> SheetPages::finish() {
  if (!tiles_.empty()) write_page();
  return pages_;
}

void SheetPages::write_page() {
  SheetOptions options;
  options.title = title_;
  options.columns = static_cast<int>(std::min(columns_, std::ssize(tiles_)));
  const std::string path = path_of(pages_.size());
  write_png(path, contact_sheet(tiles_, options));
  pages_.push_back(path);
  tiles_.clear();
}

std::string SheetPages::path_of(std::size_t page) const {
  return stem_ + (page == 0 ? "" : "-" + std::to_string(page + 1)) + ".png";
}

}  // namespace fovea
