#include <algorithm>
#include <bit>
#include <csetjmp>
#include <cstddef>
#include <cstring>
#include <new>
#include <png.h>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

#include <fovea/base/error.h>
#include <fovea/image/internal/formats.h>
#include <fovea/image/internal/orientation.h>
#include <fovea/image/internal/rgb_rows.h>

namespace fovea {
namespace {

constexpr std::int64_t kPngPixelsPerByte = std::int64_t{1} << 14;
constexpr std::uint64_t kLargestDeflateRatio = 1032;
constexpr std::int64_t kMostBytesPerPixel = 3 + 8;  // with all rows of an interlaced file in memory

/// A file without the chunks that no pixel needs.
struct PngChunks {
  std::vector<std::uint8_t> bytes;
  int orientation = 1;
};

struct PngHeader {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t bits = 0;  ///< per pixel
};

/// @param chunk its data.
PngHeader read_png_header(ByteCursor chunk, EncodedBytes file) {
  PngHeader header;
  header.width = chunk.big_endian<std::uint32_t>();
  header.height = chunk.big_endian<std::uint32_t>();
  const std::uint32_t bits = chunk.byte();
  const std::uint32_t color_type = chunk.byte();
  const std::pair<std::uint32_t, std::uint32_t> known[] = {{0, 1}, {2, 3}, {3, 1}, {4, 2}, {6, 4}};  // channels
  const auto* kind =
      std::find_if(std::begin(known), std::end(known), [&](const auto& row) { return row.first == color_type; });
  const std::uint32_t most_bits = color_type == 3 ? 8 : 16;
  const std::uint32_t least_bits = color_type == 0 || color_type == 3 ? 1 : 8;
  if (kind == std::end(known) || bits < least_bits || bits > most_bits || !std::has_single_bit(bits)) {
    throw InputError(chunk.path(), "a kind of PNG (bits and colour type) of its standard at offset 24",
                     std::to_string(bits) + " and " + std::to_string(color_type), "the file is damaged or incomplete");
  }
  header.bits = bits * kind->second;
  expect_pixel_budget(header.height, header.width, file, kPngPixelsPerByte, chunk.path());
  chunk.take(2);
  const bool is_interlaced = chunk.byte() != 0;
  if (is_interlaced) expect_memory_budget(header.height, header.width, kMostBytesPerPixel, chunk.path());
  return header;
}

/// @throws InputError when so few compressed bytes cannot hold all pixels.
void expect_enough_data(const PngHeader& header, std::uint64_t compressed, const std::string& path) {
  const std::uint64_t row = 1 + (std::uint64_t{header.width} * header.bits + 7) / 8;
  const std::uint64_t needed = row * header.height / kLargestDeflateRatio;
  if (compressed >= needed) return;
  throw InputError(path, "at least " + std::to_string(needed) + " bytes of compressed pixels", std::to_string(compressed),
                   "the file is damaged or incomplete");
}

bool is_critical(EncodedBytes type) {
  return type[0] >= 'A' && type[0] <= 'Z';
}

/// Chunks of length, type, data and a checksum of type and data. Of those that are not critical, only orientation and
/// transparency are used.
PngChunks needed_chunks(EncodedBytes bytes, const std::string& path) {
  ByteCursor cursor(bytes, path);
  const EncodedBytes signature = cursor.take(8);
  PngChunks needed{{signature.begin(), signature.end()}};
  needed.bytes.reserve(bytes.size());
  PngHeader header;
  std::uint64_t compressed = 0;
  for (bool is_first = true;; is_first = false) {
    const std::size_t start = cursor.offset();
    const std::size_t length = cursor.big_endian<std::uint32_t>();
    const EncodedBytes body = cursor.take(4 + length);
    const bool is_sound = cursor.big_endian<std::uint32_t>() == crc32_z(0, body.data(), body.size());
    const EncodedBytes data = body.subspan(4);
    if (!is_critical(body)) {
      if (is_sound && starts_with(body, "eXIf")) needed.orientation = exif_orientation(data);
      if (!is_sound || !starts_with(body, "tRNS")) continue;
    }
    if (!is_sound) throw_damaged(path, start, "a PNG chunk with its checksum", "a wrong checksum");
    const bool is_end = starts_with(body, "IEND");
    if (is_first != starts_with(body, "IHDR") || (is_end && compressed == 0)) {
      throw_damaged(path, start, "a PNG header, then pixels, then the end", "chunks in another order");
    }
    if (is_first) header = read_png_header(ByteCursor(data, path), bytes);
    if (starts_with(body, "IDAT")) compressed += length;
    const EncodedBytes chunk = bytes.subspan(start, cursor.offset() - start);
    needed.bytes.insert(needed.bytes.end(), chunk.begin(), chunk.end());
    if (!is_end) continue;
    expect_enough_data(header, compressed, path);
    return needed;
  }
}

[[noreturn]] void leave_png(png_structp state, png_const_charp) {
  std::longjmp(*static_cast<std::jmp_buf*>(png_get_error_ptr(state)), 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void take_bytes(png_structp state, png_bytep target, png_size_t count) {
  auto& left = *static_cast<EncodedBytes*>(png_get_io_ptr(state));
  if (count > left.size()) leave_png(state, "");
  std::memcpy(target, left.data(), count);
  left = left.subspan(count);
}

class PngReader {
 public:
  PngReader(EncodedBytes bytes, const std::string& path) : left_(bytes), path_(path) {
    state_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &jump_target_, leave_png, ignore_warning);
    if (state_ == nullptr) throw std::bad_alloc();
    info_ = png_create_info_struct(state_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&state_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~PngReader() { png_destroy_read_struct(&state_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Image image(const DecodeOptions& options) {
    guarded([this] { start(); });
    const int height = static_cast<int>(png_get_image_height(state_, info_));
    Image image(height, static_cast<int>(png_get_image_width(state_, info_)), 3);
    const bool is_wide = png_get_bit_depth(state_, info_) == 16;
    RgbRows rows(image, {.channels = png_get_channels(state_, info_), .maximum = is_wide ? 65535U : 255U}, options);
    const std::size_t row_bytes = png_get_rowbytes(state_, info_);
    const int held = passes_ > 1 ? height : 1;  // an interlaced file completes its rows in the last pass
    std::vector<std::uint16_t> values((row_bytes + 1) / 2 * static_cast<std::size_t>(held));
    for (int pass = 0; pass < passes_; ++pass) {
      for (int y = 0; y < height; ++y) {
        std::uint16_t* row = values.data() + (row_bytes + 1) / 2 * static_cast<std::size_t>(held > 1 ? y : 0);
        auto* bytes = reinterpret_cast<std::uint8_t*>(row);
        guarded([this, bytes] { png_read_row(state_, bytes, nullptr); });
        if (pass + 1 < passes_) continue;
        is_wide ? rows.write(y, row) : rows.write(y, bytes);
      }
    }
    guarded([this] { png_read_end(state_, nullptr); });
    return image;
  }

 private:
  /// Reads the header and asks for 8 or 16 bits per value, without palette.
  void start() {
    png_set_read_fn(state_, &left_, take_bytes);
    png_set_user_limits(state_, kMaximumImageSide, kMaximumImageSide);
    png_read_info(state_, info_);
    png_set_expand(state_);
    if (std::endian::native == std::endian::little) png_set_swap(state_);
    passes_ = png_set_interlace_handling(state_);
    png_read_update_info(state_, info_);
  }

  /// Runs calls of libpng. An error jumps out of them, so objects in between must have no destructors.
  template <typename Calls>
  void guarded(const Calls& calls) {
    if (setjmp(jump_target_) == 0) {
      calls();
      return;
    }
    throw InputError(path_, "readable PNG pixels", "invalid data", "the file is damaged or incomplete");
  }

  EncodedBytes left_;
  const std::string& path_;
  std::jmp_buf jump_target_{};
  png_structp state_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

}  // namespace

StoredPicture decode_png(EncodedBytes bytes, const std::string& path, const DecodeOptions& options) {
  const PngChunks needed = needed_chunks(bytes, path);
  PngReader reader(needed.bytes, path);
  return {reader.image(options), needed.orientation};
}

}  // namespace fovea
