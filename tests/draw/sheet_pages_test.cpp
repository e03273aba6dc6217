#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/draw/sheet_pages.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

std::vector<Tile> tiles_of_photo(std::size_t count) {
  return std::vector<Tile>(count, {Image(8, 8, 1), {"tile"}, {}});
}

TEST(SheetPagesTest, APageHoldsWholePhotosOfUpTo36Tiles) {
  const TemporaryDirectory folder;
  SheetPages pages(folder.path("sheet"), "title", 5);
  for (int photo = 0; photo < 8; ++photo) pages.add(tiles_of_photo(5));  // seven photos fill a page
  EXPECT_EQ(pages.finish(), (std::vector<std::string>{folder.path("sheet.png"), folder.path("sheet-2.png")}));
}

TEST(SheetPagesTest, APhotoOfManyTilesHasAPage) {
  const TemporaryDirectory folder;
  SheetPages pages(folder.path("sheet"), "title", 50);
  for (int photo = 0; photo < 2; ++photo) pages.add(tiles_of_photo(50));
  EXPECT_EQ(pages.finish().size(), 2U);
}

TEST(SheetPagesTest, PagesOfAnEarlierRunAreRemoved) {
  const TemporaryDirectory folder;
  for (const char* name :
       {"sheet.png", "sheet-2.png", "sheet-3.png", "sheet-5.png", "sheet.other.png", "sheet-dog.png", "sheet-2.jpg"}) {
    folder.write(name, "old");
  }
  SheetPages pages(folder.path("sheet"), "title", 2);
  EXPECT_TRUE(pages.finish().empty());
  EXPECT_FALSE(std::filesystem::exists(folder.path("sheet-3.png")));
  EXPECT_FALSE(std::filesystem::exists(folder.path("sheet-5.png"))) << "behind a gap";
  for (const char* other : {"sheet.other.png", "sheet-dog.png", "sheet-2.jpg"}) {
    EXPECT_TRUE(std::filesystem::exists(folder.path(other))) << other;
  }
}

}  // namespace
}  // namespace fovea
