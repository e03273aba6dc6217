#pragma once

#include <cstdint>

#include <opencv2/core.hpp>

#include <fovea/image/image.h>

namespace fovea {

/// OpenCV's view of an image, [H, W, C] in the image's own order of channels, which must outlive it.
inline cv::Mat matrix_over(Image& image) {
  return {image.height, image.width, CV_8UC(image.channels), image.pixels.data()};
}

/// Likewise to read from.
inline cv::Mat matrix_over(const Image& image) {
  auto* pixels = const_cast<std::uint8_t*>(image.pixels.data());  // cv::Mat takes no const
  return {image.height, image.width, CV_8UC(image.channels), pixels};
}

}  // namespace fovea
