#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include <fovea/base/byte_order.h>
#include <fovea/base/error.h>
#include <fovea/datasets/idx.h>
#include <fovea/datasets/internal/gzip.h>

namespace fovea {
namespace {

constexpr std::size_t kMaximumIdxBytes = std::size_t{1} << 30;
constexpr std::uint32_t kImagesMagic = 0x00000803;
constexpr std::uint32_t kLabelsMagic = 0x00000801;

std::string hexadecimal(std::uint32_t value) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += kDigits[value >> shift & 0xFU];
  return text;
}

std::string product_text(std::span<const std::uint32_t> dimensions) {
  std::string text;
  for (const std::uint32_t dimension : dimensions) text += (text.empty() ? "" : " x ") + std::to_string(dimension);
  return text;
}

/// Checks magic number, dimensions and length. The last byte of the magic number is the number of dimensions.
template <std::size_t kDimensions>
std::array<std::uint32_t, kDimensions> idx_dimensions(std::span<const std::uint8_t> bytes, std::uint32_t magic,
                                                      const char* contents, const std::string& where) {
  constexpr std::size_t kHeader = 4 + 4 * kDimensions;
  const auto at = [&](std::size_t offset) { return where + ": offset " + std::to_string(offset); };
  if (bytes.size() < kHeader) {
    throw InputError(at(bytes.size()), "an IDX header of " + std::to_string(kHeader) + " bytes", "the end of the file",
                     "the file is truncated, fetch it again");
  }
  if (const auto got = load_big_endian<std::uint32_t>(bytes); got != magic) {
    throw InputError(at(0), "the magic number " + hexadecimal(magic) + " of IDX " + contents, hexadecimal(got),
                     "check that images and labels are not exchanged");
  }
  std::array<std::uint32_t, kDimensions> dimensions;
  std::uint64_t room = bytes.size() - kHeader;  // divided by each dimension in turn: a product could overflow
  for (std::size_t i = 0; i < kDimensions; ++i) {
    const std::size_t offset = 4 + 4 * i;
    dimensions[i] = load_big_endian<std::uint32_t>(bytes.subspan(offset));
    if (dimensions[i] == 0) throw InputError(at(offset), "a dimension of at least 1", "0", "the file is damaged or empty");
    room /= dimensions[i];
  }
  const std::string announced = product_text(dimensions) + " bytes of " + contents;
  const std::string held = std::to_string(bytes.size() - kHeader);
  if (room == 0) throw InputError(at(kHeader), announced, held, "the file is truncated or damaged, fetch it again");
  std::uint64_t needed = 1;  // at most the file's length, now
  for (const std::uint32_t dimension : dimensions) needed *= dimension;
  if (needed != bytes.size() - kHeader) {
    throw InputError(at(kHeader + needed), announced + " and the end of the file", held,
                     "the file is damaged, fetch it again");
  }
  return dimensions;
}

template <std::size_t kDimensions>
std::vector<std::uint8_t> without_header(std::vector<std::uint8_t> bytes) {
  bytes.erase(bytes.begin(), bytes.begin() + 4 + 4 * kDimensions);
  return bytes;
}

}  // namespace

ImageArray parse_idx_images(std::vector<std::uint8_t> bytes, const std::string& where) {
  const auto dimensions = idx_dimensions<3>(bytes, kImagesMagic, "images", where);
  return {static_cast<int>(dimensions[1]), static_cast<int>(dimensions[2]), 1, without_header<3>(std::move(bytes))};
}

std::vector<std::uint8_t> parse_idx_labels(std::vector<std::uint8_t> bytes, const std::string& where) {
  idx_dimensions<1>(bytes, kLabelsMagic, "labels", where);
  return without_header<1>(std::move(bytes));
}

ImageArray read_idx_images(const std::string& path) {
  return parse_idx_images(read_plain_or_gzip(path, kMaximumIdxBytes), path);
}

std::pair<std::uint32_t, std::uint32_t> read_idx_image_size(const std::string& path) {
  constexpr std::size_t kHeader = 16;
  const std::vector<std::uint8_t> header = read_start_of_plain_or_gzip(path, kHeader);
  if (header.size() < kHeader || load_big_endian<std::uint32_t>(header) != kImagesMagic) {
    throw InputError(path + ": offset 0", "the header of IDX images", "other data", "the file is damaged, fetch it again");
  }
  const std::span<const std::uint8_t> bytes = header;
  return {load_big_endian<std::uint32_t>(bytes.subspan(8)), load_big_endian<std::uint32_t>(bytes.subspan(12))};
}

std::vector<std::uint8_t> read_idx_labels(const std::string& path) {
  return parse_idx_labels(read_plain_or_gzip(path, kMaximumIdxBytes), path);
}

}  // namespace fovea
