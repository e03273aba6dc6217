#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <fovea/image/color_map.h>

namespace fovea {
namespace {

ColorTable opencv_table(cv::ColormapTypes type) {
  cv::Mat numbers(1, 256, CV_8UC1);
  for (int i = 0; i < 256; ++i) numbers.at<std::uint8_t>(i) = static_cast<std::uint8_t>(i);
  cv::Mat bgr;
  cv::applyColorMap(numbers, bgr, type);
  ColorTable table;
  for (int i = 0; i < 256; ++i) {
    const auto& color = bgr.at<cv::Vec3b>(i);
    table[static_cast<std::size_t>(i)] = {color[2], color[1], color[0]};
  }
  return table;
}

}  // namespace

const ColorTable& color_table(ColorMap map) {
  static const std::map<ColorMap, ColorTable> tables = {
      {ColorMap::inferno, opencv_table(cv::COLORMAP_INFERNO)}, {ColorMap::magma, opencv_table(cv::COLORMAP_MAGMA)},
      {ColorMap::plasma, opencv_table(cv::COLORMAP_PLASMA)},   {ColorMap::viridis, opencv_table(cv::COLORMAP_VIRIDIS)},
      {ColorMap::cividis, opencv_table(cv::COLORMAP_CIVIDIS)}, {ColorMap::turbo, opencv_table(cv::COLORMAP_TURBO)},
      {ColorMap::jet, opencv_table(cv::COLORMAP_JET)}};
  return tables.at(map);
}

Rgb8 color_of(const ColorTable& table, double value) {
  if (std::isnan(value)) return kNotANumberColor;
  return table[static_cast<std::size_t>(std::lround(std::clamp(value, 0.0, 1.0) * 255))];
}

Rgb8 color_of(ColorMap map, double value) {
  return color_of(color_table(map), value);
}

}  // namespace fovea
