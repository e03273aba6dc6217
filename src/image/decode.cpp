#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/image/container.h>
#include <fovea/image/decode.h>
#include <fovea/image/internal/jpeg.h>
#include <fovea/image/internal/matrix.h>
#include <fovea/image/internal/orientation.h>

namespace fovea {
namespace {

constexpr std::size_t kMaximumImageFileBytes = std::size_t{1} << 30;

/// Rotates and mirrors pixels by an EXIF orientation (1 to 8).
cv::Mat oriented(cv::Mat image, int orientation) {
  constexpr int kUpsideDown = 0;
  constexpr int kLeftRight = 1;
  constexpr int kBoth = -1;
  if (orientation >= 5) cv::transpose(image, image);
  if (orientation == 2 || orientation == 6) cv::flip(image, image, kLeftRight);
  if (orientation == 4 || orientation == 8) cv::flip(image, image, kUpsideDown);
  if (orientation == 3 || orientation == 7) cv::flip(image, image, kBoth);
  return image;
}

/// @return [H, W, 3] in OpenCV's order BGR, upright.
cv::Mat decode_bgr(const std::vector<std::uint8_t>& bytes, const std::string& path) {
  try {
    // IMREAD_COLOR applies the EXIF orientation (except that of WebP); IMREAD_UNCHANGED would not.
    cv::Mat bgr = cv::imdecode(bytes, cv::IMREAD_COLOR);
    if (!bgr.empty()) return oriented(bgr, webp_orientation(bytes));
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw SystemError(path + ": no memory for the image; scale it down first");
    if (std::string_view(error.err).find("CV_IO_MAX_IMAGE") != std::string_view::npos) {
      throw InputError(path, "an image of at most " + std::to_string(kMaximumImagePixels) + " pixels and 2^20 per side",
                       "a larger one", "scale it down first");
    }
  }
  throw InputError(path, "a readable image", "bytes that cannot be decoded", "the file is damaged or of an unknown kind");
}

Image decode_upright_jpeg(const std::vector<std::uint8_t>& bytes, const std::string& path) {
  JpegPicture picture = decode_jpeg(bytes, path);
  if (picture.orientation == 1) return std::move(picture.image);
  const cv::Mat upright = oriented(matrix_over(picture.image).clone(), picture.orientation);
  Image image(upright.rows, upright.cols, 3);
  upright.copyTo(matrix_over(image));
  return image;
}

Image to_grey(const Image& rgb) {
  Image grey(rgb.height, rgb.width, 1);
  const std::uint8_t* source = rgb.pixels.data();
  for (std::uint8_t& value : grey.pixels) {
    const std::uint32_t weighted = source[0] * 19595U + source[1] * 38470U + source[2] * 7471U;  // the weights sum to 2^16
    value = static_cast<std::uint8_t>((weighted + 0x8000U) >> 16);
    source += 3;
  }
  return grey;
}

Image to_rgb(const Image& grey) {
  Image rgb(grey.height, grey.width, 3);
  std::uint8_t* target = rgb.pixels.data();
  for (const std::uint8_t value : grey.pixels) target = std::fill_n(target, 3, value);
  return rgb;
}

void expect_color_channels(int channels, const char* where) {
  if (channels != 1 && channels != 3) throw InputError(where, "1 or 3 channels", std::to_string(channels));
}

}  // namespace

Image decode_image_file(const std::string& path) {
  const std::vector<std::uint8_t> bytes = checked_image_bytes(read_file(path, kMaximumImageFileBytes), path);
  if (bytes[0] == 0xFF) return decode_upright_jpeg(bytes, path);  // no other supported format begins with 0xFF
  const cv::Mat bgr = decode_bgr(bytes, path);
  expect_image_size(bgr.rows, bgr.cols, path);  // OpenCV's own limit can be raised from the environment
  Image image(bgr.rows, bgr.cols, 3);
  cv::cvtColor(bgr, matrix_over(image), cv::COLOR_BGR2RGB);
  return image;
}

Image to_channels(const Image& image, int channels) {
  expect_color_channels(image.channels, "to_channels: input");
  expect_color_channels(channels, "to_channels: output");
  expect_complete(image, "to_channels");
  if (image.channels == channels) return image;
  return channels == 1 ? to_grey(image) : to_rgb(image);
}

}  // namespace fovea
