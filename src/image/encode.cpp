#include <algorithm>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/image/encode.h>
#include <fovea/image/internal/matrix.h>
#include <fovea/image/size_text.h>

namespace fovea {
namespace {

constexpr int kLongestPngSide = 1'000'000;  // libpng's own limit; libpng prints an error above it

void expect_encodable(const Image& image) {
  const bool encodable = (image.channels == 1 || image.channels == 3) && std::min(image.height, image.width) >= 1 &&
                         std::max(image.height, image.width) <= kLongestPngSide;
  if (encodable) return;
  throw InputError("png", "1 or 3 channels and sides of 1 to " + std::to_string(kLongestPngSide) + " pixels",
                   shape_text(image) + " (height x width x channels)");
}

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image) {
  expect_encodable(image);
  expect_valid(image, "png");
  std::vector<std::uint8_t> png;
  bool encoded = false;
  try {
    cv::Mat matrix = matrix_over(image);
    if (image.channels == 3) {
      cv::Mat bgr;
      cv::cvtColor(matrix, bgr, cv::COLOR_RGB2BGR);
      matrix = bgr;
    }
    // OpenCV's own settings are the fastest: any parameter doubles the time for a photo and saves a tenth of its size.
    encoded = cv::imencode(".png", matrix, png);
  } catch (const cv::Exception&) {
    encoded = false;  // its text is OpenCV's
  }
  if (encoded) return png;
  throw SystemError("png: no memory to encode an image of " + pixels_text(image.height, image.width));
}

void write_png(const std::string& path, const Image& image) {
  const std::vector<std::uint8_t> png = encode_png(image);
  write_file_atomically(path, [&png](FileWriter& file) { file.write(png.data(), png.size()); });
}

}  // namespace fovea
