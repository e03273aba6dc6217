#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include <fovea/draw/sheet_pages.h>
#include <fovea/image/encode.h>

namespace fovea {
namespace {

constexpr std::int64_t kTilesOfPage = 36;

}  // namespace

SheetPages::SheetPages(std::string stem, std::string title, std::int64_t tiles_per_photo)
    : stem_(std::move(stem)), title_(std::move(title)), tiles_per_photo_(tiles_per_photo) {
  std::error_code ignored;
  for (std::size_t page = 0; std::filesystem::remove(path_of(page), ignored); ++page) {
  }
}

void SheetPages::add(std::vector<Tile> tiles) {
  std::move(tiles.begin(), tiles.end(), std::back_inserter(tiles_));
  if (std::ssize(tiles_) + tiles_per_photo_ > kTilesOfPage) write_page();
}

std::vector<std::string> SheetPages::finish() {
  if (!tiles_.empty()) write_page();
  return pages_;
}

void SheetPages::write_page() {
  SheetOptions options;
  options.title = title_;
  options.group = static_cast<int>(tiles_per_photo_);
  const std::string path = path_of(pages_.size());
  write_png(path, contact_sheet(tiles_, options));
  pages_.push_back(path);
  tiles_.clear();
}

std::string SheetPages::path_of(std::size_t page) const {
  return stem_ + (page == 0 ? "" : "-" + std::to_string(page + 1)) + ".png";
}

}  // namespace fovea
