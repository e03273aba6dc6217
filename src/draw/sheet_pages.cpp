#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include <fovea/draw/sheet_pages.h>
#include <fovea/image/encode.h>

namespace fovea {
namespace {

constexpr std::int64_t kTilesOfPage = 36;

/// True for "", and for "-2" and higher numbers.
bool is_page_number(std::string_view text) {
  if (text.empty()) return true;
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  return text.size() > 1 && text[0] == '-' && std::all_of(text.begin() + 1, text.end(), is_digit);
}

/// Removes every page of a stem, also those behind a gap.
void remove_pages(const std::string& stem) {
  namespace fs = std::filesystem;
  const std::string first = fs::path(stem).filename().string();
  const fs::path folder = fs::path(stem).parent_path();
  constexpr std::string_view kEnd = ".png";
  std::vector<fs::path> pages;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.empty() ? "." : folder, failure)) {
    const std::string name = entry.path().filename().string();
    if (name.size() < first.size() + kEnd.size() || !name.starts_with(first) || !name.ends_with(kEnd)) continue;
    if (is_page_number(std::string_view(name).substr(first.size(), name.size() - first.size() - kEnd.size()))) {
      pages.push_back(entry.path());
    }
  }
  for (const fs::path& page : pages) fs::remove(page, failure);
}

}  // namespace

SheetPages::SheetPages(std::string stem, std::string title, std::int64_t tiles_per_photo)
    : stem_(std::move(stem)), title_(std::move(title)), tiles_per_photo_(tiles_per_photo) {
  remove_pages(stem_);
}

std::string SheetPages::add(std::vector<Tile> tiles) {
  std::string page = path_of(pages_.size());
  std::move(tiles.begin(), tiles.end(), std::back_inserter(tiles_));
  if (std::ssize(tiles_) + tiles_per_photo_ > kTilesOfPage) write_page();
  return page;
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
