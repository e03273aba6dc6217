#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/draw/contact_sheet.h>

#include "pixels.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Image plain_picture(int height, int width, const Color& color) {
  return Canvas(height, width, color).image();
}

/// Position of a colour on a sheet.
Region place_of(const Image& sheet, const Color& color) {
  return bounds(sheet, whole(sheet), is_color(color));
}

TEST(ContactSheetTest, FillsATileWithASquarePicture) {
  const Image sheet = contact_sheet({{plain_picture(500, 500, kRed), {}, {}}}, {.title = "", .tile_side = 100});
  const Region place = place_of(sheet, kRed);
  EXPECT_EQ(place.height(), 100);
  EXPECT_EQ(place.width(), 100);
  EXPECT_EQ(sheet.channels, 3);
  EXPECT_EQ(place.left, sheet.width - place.right);
  EXPECT_EQ(count_pixels(sheet, whole(sheet), is_inked), 100 * 100);
}

TEST(ContactSheetTest, KeepsThePictureShapes) {
  for (const auto& [height, width] : {std::pair(30, 60), std::pair(400, 100), std::pair(1, 300), std::pair(5, 1)}) {
    const Image sheet = contact_sheet({{plain_picture(height, width, kBlue), {}, {}}}, {.title = "", .tile_side = 120});
    const Region place = place_of(sheet, kBlue);
    const double factor = 120.0 / std::max(height, width);
    EXPECT_EQ(place.height(), std::max(1.0, std::round(height * factor)));
    EXPECT_EQ(place.width(), std::max(1.0, std::round(width * factor)));
    EXPECT_NEAR(place.left, sheet.width - place.right, 1);  // centred
  }
}

TEST(ContactSheetTest, EnlargesSmallPicturesByWholePixels) {
  Image checks(2, 2, 1);
  checks.pixels = {10, 200, 200, 10};
  const Image sheet = contact_sheet({{checks, {}, {}}}, {.title = "", .tile_side = 64});
  const auto of_value = [&](std::uint8_t value) {
    return count_pixels(sheet, whole(sheet), [value](Rgb8 rgb) { return rgb == Rgb8{value, value, value}; });
  };
  EXPECT_EQ(of_value(10), 2 * 32 * 32);
  EXPECT_EQ(of_value(200), 2 * 32 * 32);
}

TEST(ContactSheetTest, ShrinksLargePicturesByAveraging) {
  Image stripes(1000, 1000, 1);
  for (std::size_t i = 0; i < stripes.pixels.size(); ++i) stripes.pixels[i] = i % 10 == 0 ? 200 : 0;
  const Image sheet = contact_sheet({{stripes, {}, {}}}, {.title = "", .tile_side = 100});
  EXPECT_EQ(count_pixels(sheet, whole(sheet), [](Rgb8 rgb) { return rgb == Rgb8{20, 20, 20}; }), 100 * 100);
}

TEST(ContactSheetTest, FillsRowsFromTheLeft) {
  std::vector<Tile> tiles;
  const std::vector<Color> colors = {kRed, kBlue, kOrange};
  tiles.reserve(colors.size());
  for (const Color& color : colors) tiles.push_back({plain_picture(40, 40, color), {}, {}});
  const Image sheet = contact_sheet(tiles, {.title = "", .columns = 2, .tile_side = 80});
  const Region red = place_of(sheet, kRed);
  const Region blue = place_of(sheet, kBlue);
  const Region orange = place_of(sheet, kOrange);
  EXPECT_EQ(red.top, blue.top);
  EXPECT_GT(blue.left, red.right);
  EXPECT_EQ(orange.left, red.left);
  EXPECT_GT(orange.top, red.bottom);
  EXPECT_LE(orange.bottom, sheet.height);
}

TEST(ContactSheetTest, ChoosesColumnsForAWideSheet) {
  for (const int count : {1, 2, 3, 7, 10, 24, 50}) {
    const std::vector<Tile> tiles(static_cast<std::size_t>(count), {plain_picture(40, 40, kRed), {"caption"}, {}});
    const Image sheet = contact_sheet(tiles, {.title = "", .tile_side = 64});
    const double shape = static_cast<double>(sheet.width) / sheet.height;
    EXPECT_GT(shape, 0.8) << count;
    EXPECT_LT(shape, count == 3 ? 3 : 2.6) << count;
    EXPECT_EQ(count_pixels(sheet, whole(sheet), is_color(kRed)), count * 64 * 64);
  }
}

/// Tiles of `photos` photos: each one red, and `maps` blue ones.
std::vector<Tile> photos_with_maps(int photos, int maps) {
  std::vector<Tile> tiles;
  for (int photo = 0; photo < photos; ++photo) {
    tiles.push_back({plain_picture(40, 40, kRed), {"photo"}, {}});
    for (int map = 0; map < maps; ++map) tiles.push_back({plain_picture(40, 40, kBlue), {"map"}, {}});
  }
  return tiles;
}

TEST(ContactSheetTest, AGroupOfManyTilesWrapsIntoRowsOfItsOwn) {
  const Image one = contact_sheet(photos_with_maps(1, 11), {.title = "", .group = 12, .tile_side = 64});
  EXPECT_LT(one.width, 2 * one.height) << "no strip of twelve tiles";
  EXPECT_GT(2 * one.width, one.height);

  const Image two = contact_sheet(photos_with_maps(2, 11), {.title = "", .columns = 5, .group = 12, .tile_side = 64});
  const Region photos = place_of(two, kRed);  // each begins a row: both are on the left
  EXPECT_EQ(photos.width(), 64);
  EXPECT_EQ(count_pixels(two, whole(two), is_color(kRed)), 2 * 64 * 64);
  EXPECT_EQ(count_pixels(two, whole(two), is_color(kBlue)), 22 * 64 * 64);
}

TEST(ContactSheetTest, ARowHoldsWholeGroups) {
  // Two photos with a map each in every row, though five columns would fit.
  const Image sheet = contact_sheet(photos_with_maps(4, 1), {.title = "", .columns = 5, .group = 2, .tile_side = 64});
  EXPECT_EQ(sheet.width, contact_sheet(photos_with_maps(4, 1), {.title = "", .columns = 4, .tile_side = 64}).width);
  const Region photos = place_of(sheet, kRed);
  EXPECT_EQ(photos.width(), 2 * (64 + 16) + 64) << "the first and the third column";
}

TEST(ContactSheetTest, ManyPhotosMakeAWideSheet) {
  for (const int photos : {1, 2, 3, 6, 9}) {
    for (const int maps : {1, 3, 6, 16}) {
      const Image sheet = contact_sheet(photos_with_maps(photos, maps), {.title = "", .group = 1 + maps, .tile_side = 64});
      const double shape = static_cast<double>(sheet.width) / sheet.height;
      EXPECT_GT(shape, 0.55) << photos << " photos with " << maps;
      EXPECT_LT(shape, 3) << photos << " photos with " << maps;
    }
  }
}

TEST(ContactSheetTest, MoreColumnsThanTilesTakeNoRoom) {
  const std::vector<Tile> tiles(3, {plain_picture(40, 40, kRed), {}, {}});
  EXPECT_EQ(contact_sheet(tiles, {.title = "", .columns = 99}).width,
            contact_sheet(tiles, {.title = "", .columns = 3}).width);
}

TEST(ContactSheetTest, WritesTitleAndCaptions) {
  const auto sheet = [](const std::string& title, const std::vector<std::string>& caption) {
    return contact_sheet({{plain_picture(40, 40, kRed), caption, {}}}, {.title = title, .tile_side = 100});
  };
  const Image bare = sheet("", {});
  const Image titled = sheet("Title", {});
  EXPECT_GT(titled.height, bare.height);
  const Region picture = place_of(titled, kRed);
  EXPECT_GT(count_pixels(titled, {0, 0, picture.top, titled.width}, is_inked), 20);

  const Image one = sheet("", {"first"});
  const Image two = sheet("", {"first", "second"});
  EXPECT_GT(one.height, bare.height);
  EXPECT_GT(two.height, one.height);
  const int below = place_of(two, kRed).bottom;
  const int second = below + (two.height - below) / 2;
  EXPECT_GT(count_pixels(one, {below, 0, one.height, one.width}, is_inked), 20);
  EXPECT_GT(count_pixels(two, {below, 0, two.height, two.width}, is_inked),
            count_pixels(one, {below, 0, one.height, one.width}, is_inked) + 20);
  EXPECT_GT(count_pixels(two, {below, 0, second, two.width}, is_color(kInk)), 0);  // the first line is dark
  EXPECT_EQ(count_pixels(two, {second, 0, two.height, two.width}, is_color(kInk)), 0);
}

TEST(ContactSheetTest, TextStaysBelowItsTile) {
  const std::string endless(5000, 'w');
  const Tile tile{plain_picture(40, 40, kRed), {endless, "\xFF\xC3 bytes that are no text\n", endless}, {}};
  const Image sheet = contact_sheet({tile, tile}, {.title = endless, .columns = 2, .tile_side = 100});
  const Region pictures = place_of(sheet, kRed);
  const int first_right = pictures.left + 100;
  const int second_left = pictures.right - 100;
  EXPECT_GT(second_left, first_right);
  EXPECT_EQ(count_pixels(sheet, {pictures.bottom, first_right, sheet.height, second_left}, is_inked), 0);
  EXPECT_EQ(count_pixels(sheet, {0, pictures.right, sheet.height, sheet.width}, is_inked), 0);
}

TEST(ContactSheetTest, ShowsTheScaleBetweenPictureAndCaption) {
  const Tile tile{plain_picture(40, 40, kRed), {"caption"}, ColorScale{ColorMap::viridis, 0.2, 0.8}};
  const Image sheet = contact_sheet({tile}, {.title = "", .tile_side = 200});
  const Region picture = place_of(sheet, kRed);
  const Rgb8 middle = color_of(ColorMap::viridis, 0.5);
  const Region found = bounds(sheet, whole(sheet), [middle](Rgb8 rgb) {
    return std::abs(rgb.red - middle.red) + std::abs(rgb.green - middle.green) + std::abs(rgb.blue - middle.blue) < 6;
  });
  EXPECT_GT(found.height(), 3);
  EXPECT_GE(found.top, picture.bottom);
  EXPECT_NEAR((found.left + found.right) / 2.0, (picture.left + picture.right) / 2.0, 3);
  EXPECT_GT(count_pixels(sheet, {found.bottom + 20, 0, sheet.height, sheet.width}, is_color(kInk)), 0);
}

TEST(ContactSheetTest, DrawsTheSameAgain) {
  const std::vector<Tile> tiles(5, {plain_picture(300, 200, kOrange), {"one", "two"}, ColorScale{}});
  EXPECT_EQ(contact_sheet(tiles, {.title = "Title"}).pixels, contact_sheet(tiles, {.title = "Title"}).pixels);
}

TEST(ContactSheetTest, RefusesWhatMakesNoSheet) {
  const Tile tile{plain_picture(4, 4, kRed), {}, {}};
  EXPECT_THROW(contact_sheet({}, {}), InputError);
  EXPECT_THROW(contact_sheet({{Image(), {}, {}}}, {}), InputError);
  EXPECT_THROW(contact_sheet({{Image(4, 4, 2), {}, {}}}, {}), InputError);
  EXPECT_THROW(contact_sheet({tile}, {.title = "", .columns = -1}), InputError);
  EXPECT_THROW(contact_sheet({tile}, {.title = "", .tile_side = 31}), InputError);
  EXPECT_THROW(contact_sheet({tile}, {.title = "", .group = 0}), InputError);
  EXPECT_THAT([&] { contact_sheet(std::vector<Tile>(2000, tile), {.title = "", .columns = 2}); },
              ThrowsMessage<InputError>(HasSubstr("show fewer or smaller pictures")));
  EXPECT_THROW(contact_sheet({tile, tile}, {.title = "", .tile_side = 30'000}), InputError);
}

}  // namespace
}  // namespace fovea
