#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/image/decode.h>
#include <fovea/image/internal/formats.h>
#include <fovea/image/internal/matrix.h>

namespace fovea {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaximumImageFileBytes = std::size_t{1} << 30;

struct FileFormat {
  std::string_view signature;
  StoredPicture (*decode)(EncodedBytes, const std::string&, const DecodeOptions&);
};

constexpr FileFormat kFormats[] = {
    {"\xFF\xD8\xFF"sv, decode_jpeg}, {"\x89PNG\r\n\x1A\n"sv, decode_png},
    {"RIFF"sv, decode_webp},         {"II*\0"sv, decode_tiff},
    {"MM\0*"sv, decode_tiff},        {"II+\0"sv, decode_tiff},
    {"MM\0+"sv, decode_tiff},        {"BM"sv, decode_bmp},
    {"P1"sv, decode_portable_map},   {"P2"sv, decode_portable_map},
    {"P3"sv, decode_portable_map},   {"P4"sv, decode_portable_map},
    {"P5"sv, decode_portable_map},   {"P6"sv, decode_portable_map},
};

const FileFormat& find_format(EncodedBytes bytes, const std::string& path) {
  if (bytes.empty()) throw InputError(path, "an image", "an empty file", "fetch the file again");
  const auto* format = std::find_if(std::begin(kFormats), std::end(kFormats),
                                    [&](const FileFormat& known) { return starts_with(bytes, known.signature); });
  if (format != std::end(kFormats)) return *format;
  throw InputError(path, "a JPEG, PNG, WebP, TIFF, BMP, PBM, PGM or PPM image", "another kind of file",
                   "convert or remove it");
}

void expect_levels(const std::optional<Levels>& levels) {
  if (!levels || (levels->low >= 0 && levels->low < levels->high && levels->high <= 65535)) return;
  throw InputError("levels", "two values of 0 to 65535, the lower one first",
                   std::to_string(levels->low) + " and " + std::to_string(levels->high));
}

/// Rotates and mirrors pixels by an EXIF orientation (1 to 8).
Image oriented(StoredPicture picture) {
  constexpr int kUpsideDown = 0;
  constexpr int kLeftRight = 1;
  constexpr int kBoth = -1;
  const int orientation = picture.orientation;
  if (orientation == 1) return std::move(picture.image);
  cv::Mat stored = matrix_over(picture.image);
  if (orientation < 5) {
    cv::flip(stored, stored, orientation == 2 ? kLeftRight : orientation == 4 ? kUpsideDown : kBoth);
    return std::move(picture.image);
  }
  Image image(picture.image.width, picture.image.height, 3);
  cv::Mat upright = matrix_over(image);
  cv::transpose(stored, upright);
  if (orientation > 5) {
    cv::flip(upright, upright, orientation == 6 ? kLeftRight : orientation == 8 ? kUpsideDown : kBoth);
  }
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

Image decode_image_file(const std::string& path, const DecodeOptions& options) {
  expect_levels(options.levels);
  try {
    const std::vector<std::uint8_t> bytes = read_file(path, kMaximumImageFileBytes);
    return oriented(find_format(bytes, path).decode(bytes, path, options));
  } catch (const std::bad_alloc&) {
    throw SystemError(path + ": no memory for the image; scale it down first");
  } catch (const cv::Exception&) {
    throw SystemError(path + ": no memory to turn the image upright; scale it down first");
  }
}

Image to_channels(const Image& image, int channels) {
  expect_color_channels(image.channels, "to_channels: input");
  expect_color_channels(channels, "to_channels: output");
  expect_complete(image, "to_channels");
  if (image.channels == channels) return image;
  return channels == 1 ? to_grey(image) : to_rgb(image);
}

}  // namespace fovea
