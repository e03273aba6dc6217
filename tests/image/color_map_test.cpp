#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <fovea/image/color_map.h>

namespace fovea {
namespace {

/// CIE L* of an sRGB colour, in [0, 100].
double lightness(Rgb8 rgb) {
  const auto linear = [](std::uint8_t value) {
    const double part = value / 255.0;
    return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  };
  const double luminance = 0.2126 * linear(rgb.red) + 0.7152 * linear(rgb.green) + 0.0722 * linear(rgb.blue);
  return luminance > 216.0 / 24389 ? 116 * std::cbrt(luminance) - 16 : luminance * 24389 / 27;
}

/// The deepest step downwards from one colour of a table to the next.
double largest_fall(ColorMap map) {
  const ColorTable& table = color_table(map);
  double fall = 0;
  for (std::size_t i = 1; i < table.size(); ++i) fall = std::max(fall, lightness(table[i - 1]) - lightness(table[i]));
  return fall;
}

void expect_near(Rgb8 color, Rgb8 expected) {
  constexpr int kRounding = 2;  // OpenCV interpolates the published table and cuts the decimals off
  EXPECT_LE(std::abs(color.red - expected.red), kRounding);
  EXPECT_LE(std::abs(color.green - expected.green), kRounding);
  EXPECT_LE(std::abs(color.blue - expected.blue), kRounding);
}

TEST(ColorMapTest, LightnessRisesInUniformMaps) {
  constexpr double kRounding = 0.05;  // one level of red or blue is worth this much
  for (const ColorMap map : {ColorMap::inferno, ColorMap::magma, ColorMap::plasma, ColorMap::viridis, ColorMap::cividis}) {
    EXPECT_LT(largest_fall(map), kRounding) << static_cast<int>(map);
    EXPECT_GT(lightness(color_table(map).back()) - lightness(color_table(map).front()), 60) << static_cast<int>(map);
  }
}

TEST(ColorMapTest, LightnessFallsInRainbows) {
  EXPECT_GT(largest_fall(ColorMap::turbo), 0.2);
  EXPECT_GT(largest_fall(ColorMap::jet), 0.2);
}

TEST(ColorMapTest, EndsAsPublished) {
  expect_near(color_table(ColorMap::inferno).front(), {0x00, 0x00, 0x04});
  expect_near(color_table(ColorMap::inferno).back(), {0xFC, 0xFF, 0xA4});
  expect_near(color_table(ColorMap::magma).back(), {0xFC, 0xFD, 0xBF});
  expect_near(color_table(ColorMap::plasma).front(), {0x0D, 0x08, 0x87});
  expect_near(color_table(ColorMap::viridis).front(), {0x44, 0x01, 0x54});
  expect_near(color_table(ColorMap::viridis).back(), {0xFD, 0xE7, 0x25});
  expect_near(color_table(ColorMap::cividis).front(), {0x00, 0x22, 0x4E});
  expect_near(color_table(ColorMap::turbo).front(), {0x30, 0x12, 0x3B});
  expect_near(color_table(ColorMap::jet).front(), {0x00, 0x00, 0x80});
}

TEST(ColorMapTest, TakesTheNearestColour) {
  const ColorTable& table = color_table(ColorMap::magma);
  EXPECT_EQ(color_of(ColorMap::magma, 0), table[0]);
  EXPECT_EQ(color_of(ColorMap::magma, 1), table[255]);
  EXPECT_EQ(color_of(ColorMap::magma, 100.4 / 255), table[100]);
  EXPECT_EQ(color_of(ColorMap::magma, 100.6 / 255), table[101]);
}

TEST(ColorMapTest, ClampsAndMarksWhatIsNoNumber) {
  const ColorTable& table = color_table(ColorMap::viridis);
  EXPECT_EQ(color_of(ColorMap::viridis, -0.1), table[0]);
  EXPECT_EQ(color_of(ColorMap::viridis, -std::numeric_limits<double>::infinity()), table[0]);
  EXPECT_EQ(color_of(ColorMap::viridis, 1e300), table[255]);
  EXPECT_EQ(color_of(ColorMap::viridis, std::numeric_limits<double>::infinity()), table[255]);
  for (const auto& [name, map] : kColorMapNames) {
    EXPECT_EQ(color_of(map, std::numeric_limits<double>::quiet_NaN()), kNotANumberColor) << name;
    EXPECT_EQ(std::count(color_table(map).begin(), color_table(map).end(), kNotANumberColor), 0) << name;
  }
}

TEST(ColorMapTest, EveryNameStandsForAMapOfItsOwn) {
  std::set<std::string> names;
  std::set<ColorMap> maps;
  for (const auto& [name, map] : kColorMapNames) {
    names.insert(name);
    maps.insert(map);
  }
  EXPECT_EQ(names, (std::set<std::string>{"inferno", "magma", "plasma", "viridis", "cividis", "turbo", "jet"}));
  EXPECT_EQ(maps.size(), 7U);
  EXPECT_NE(color_table(ColorMap::inferno), color_table(ColorMap::magma));
}

}  // namespace
}  // namespace fovea
