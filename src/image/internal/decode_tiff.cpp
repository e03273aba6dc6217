#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <tiffio.h>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/image/internal/formats.h>
#include <fovea/image/internal/rgb_rows.h>

namespace fovea {
namespace {

constexpr std::int64_t kTiffPixelsPerByte = std::int64_t{1} << 14;
constexpr tmsize_t kLargestAllocation = tmsize_t{1} << 30;
constexpr int kHandled = 1;  // the process's own handlers, which print, are not called

int ignore_message(TIFF*, void*, const char*, const char*, va_list) {
  return kHandled;
}

/// A file in memory, for libtiff.
struct MemoryFile {
  EncodedBytes bytes;
  std::uint64_t offset = 0;
};

MemoryFile& memory_of(thandle_t handle) {
  return *static_cast<MemoryFile*>(handle);
}

tmsize_t read_memory(thandle_t handle, void* target, tmsize_t count) {
  MemoryFile& file = memory_of(handle);
  const std::uint64_t left = file.bytes.size() - std::min<std::uint64_t>(file.offset, file.bytes.size());
  const std::uint64_t taken = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(std::max<tmsize_t>(count, 0)));
  if (taken > 0) std::memcpy(target, file.bytes.data() + file.offset, taken);
  file.offset += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t refuse_to_write(thandle_t, void*, tmsize_t) {
  return 0;
}

toff_t seek_memory(thandle_t handle, toff_t offset, int origin) {
  MemoryFile& file = memory_of(handle);
  if (origin == SEEK_CUR) offset += file.offset;
  if (origin == SEEK_END) offset += file.bytes.size();
  return file.offset = offset;
}

int leave_open(thandle_t) {
  return 0;
}

toff_t size_of_memory(thandle_t handle) {
  return memory_of(handle).bytes.size();
}

int map_memory(thandle_t handle, void** base, toff_t* size) {
  const MemoryFile& file = memory_of(handle);
  *base = const_cast<std::uint8_t*>(file.bytes.data());  // libtiff does not write to it
  *size = file.bytes.size();
  return 1;
}

void keep_map(thandle_t, void*, toff_t) {}

struct TiffCloser {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, TiffCloser>;

Tiff open_tiff(MemoryFile& file, const std::string& path) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                 TIFFOpenOptionsFree);
  if (options == nullptr) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), ignore_message, nullptr);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_message, nullptr);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kLargestAllocation);
  Tiff tiff(TIFFClientOpenExt(path.c_str(), "r", &file, read_memory, refuse_to_write, seek_memory, leave_open,
                              size_of_memory, map_memory, keep_map, options.get()));
  if (tiff != nullptr) return tiff;
  throw InputError(path, "a TIFF directory", "none that can be read", "the file is damaged or incomplete");
}

/// The entries of a directory that say how pixels are stored.
struct TiffHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::uint16_t bits = 1;
  std::uint16_t values = 1;  ///< per pixel
  std::uint16_t sample_format = SAMPLEFORMAT_UINT;
  std::uint16_t photometric = PHOTOMETRIC_MINISWHITE;
  std::uint16_t compression = COMPRESSION_NONE;
  std::uint16_t planes = PLANARCONFIG_CONTIG;
  std::uint16_t orientation = 1;
  bool has_alpha = false;
  bool premultiplied = false;

  bool is_grey() const { return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE; }
  int colors() const { return is_grey() ? 1 : 3; }
  /// True for 8 or 16 bits of grey or RGB, one pixel after the other: all else is converted by libtiff.
  bool is_plain() const {
    return (bits == 8 || bits == 16) && (is_grey() || photometric == PHOTOMETRIC_RGB) && values >= colors() &&
           (planes == PLANARCONFIG_CONTIG || values == 1);
  }
};

TiffHeader read_tiff_header(TIFF* tiff) {
  TiffHeader header;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  header.width = width;
  header.height = height;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &header.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &header.values);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &header.sample_format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &header.planes);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &header.compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &header.orientation);
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &header.photometric) == 0) {
    header.photometric = header.values >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  }
  if (header.orientation < 1 || header.orientation > 8) header.orientation = 1;
  std::uint16_t extra_count = 0;
  std::uint16_t* extras = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);
  header.has_alpha = header.values == header.colors() + 1 && (extra_count == 0 || extras[0] != EXTRASAMPLE_UNSPECIFIED);
  header.premultiplied = header.has_alpha && extra_count > 0 && extras[0] == EXTRASAMPLE_ASSOCALPHA;
  return header;
}

std::string values_text(const TiffHeader& header) {
  const std::string bits = std::to_string(header.bits) + "-bit ";
  switch (header.sample_format) {
    case SAMPLEFORMAT_IEEEFP:
      return bits + "floating-point values";
    case SAMPLEFORMAT_INT:
      return bits + "signed values";
    case SAMPLEFORMAT_COMPLEXINT:
    case SAMPLEFORMAT_COMPLEXIEEEFP:
      return bits + "complex values";
    default:
      return bits + "values";
  }
}

void expect_readable_kind(const TiffHeader& header, const std::string& path) {
  const bool known_format = header.sample_format == SAMPLEFORMAT_UINT || header.sample_format == SAMPLEFORMAT_VOID;
  const bool known_bits = header.bits == 1 || header.bits == 2 || header.bits == 4 || header.bits == 8 || header.bits == 16;
  if (!known_format || !known_bits) {
    throw_unsupported(path, "a TIFF of unsigned values of 1, 2, 4, 8 or 16 bits", values_text(header));
  }
  constexpr int kMostValues = 5;
  if (header.values < 1 || header.values > kMostValues) {
    throw_unsupported(path, "a TIFF of grey or coloured pixels", std::to_string(header.values) + " values per pixel");
  }
  if (TIFFIsCODECConfigured(header.compression) == 0) {
    throw_unsupported(path, "a TIFF without compression, or with LZW, Deflate, PackBits, JPEG or fax compression",
                      "compression " + std::to_string(header.compression));
  }
}

[[noreturn]] void throw_damaged_rows(const std::string& path, std::int64_t row) {
  throw InputError(path, "readable TIFF pixels in row " + std::to_string(row), "invalid or missing data",
                   "the file is damaged or incomplete");
}

/// Writes the colours and alpha of a row, without other values. @param values [W, values of the header].
template <typename Value>
void write_row(RgbRows& rows, int y, const TiffHeader& header, const Value* values, std::vector<Value>& kept) {
  const auto channels = static_cast<std::size_t>(header.colors()) + (header.has_alpha ? 1 : 0);
  if (channels == header.values) {
    rows.write(y, values);
    return;
  }
  kept.resize(static_cast<std::size_t>(header.width) * channels);
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x) {
    std::copy_n(values + x * header.values, channels, kept.data() + x * channels);
  }
  rows.write(y, kept.data());
}

class PlainTiffReader {
 public:
  PlainTiffReader(TIFF* tiff, const TiffHeader& header, const std::string& path)
      : tiff_(tiff), header_(header), path_(path), pixel_bytes_(std::size_t{header.values} * header.bits / 8) {}

  Image image(const DecodeOptions& options) {
    Image image(static_cast<int>(header_.height), static_cast<int>(header_.width), 3);
    RgbRows rows(image,
                 {.channels = header_.colors() + (header_.has_alpha ? 1 : 0),
                  .maximum = header_.bits == 16 ? 65535U : 255U,
                  .premultiplied = header_.premultiplied,
                  .inverted = header_.photometric == PHOTOMETRIC_MINISWHITE},
                 options);
    TIFFIsTiled(tiff_) != 0 ? read_tiles(rows) : read_strips(rows);
    return image;
  }

 private:
  std::size_t row_bytes() const { return static_cast<std::size_t>(header_.width) * pixel_bytes_; }

  void write(RgbRows& rows, std::int64_t y, const std::uint16_t* row) {
    if (header_.bits == 16) {
      write_row(rows, static_cast<int>(y), header_, row, wide_);
    } else {
      write_row(rows, static_cast<int>(y), header_, reinterpret_cast<const std::uint8_t*>(row), narrow_);
    }
  }

  void read_strips(RgbRows& rows) {
    const tmsize_t stated = TIFFScanlineSize(tiff_);
    if (stated < 0 || static_cast<std::size_t>(stated) != row_bytes()) throw_damaged_rows(path_, 0);
    std::vector<std::uint16_t> row((row_bytes() + 1) / 2);
    for (std::int64_t y = 0; y < header_.height; ++y) {
      if (TIFFReadScanline(tiff_, row.data(), static_cast<std::uint32_t>(y), 0) != 1) throw_damaged_rows(path_, y);
      write(rows, y, row.data());
    }
  }

  void read_tiles(RgbRows& rows) {
    std::uint32_t tile_width = 0;
    std::uint32_t tile_height = 0;
    TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &tile_height);
    expect_image_size(tile_height, tile_width, path_ + ": tiles");
    const std::size_t tile_row = tile_width * pixel_bytes_;
    const tmsize_t tile_bytes = TIFFTileSize(tiff_);
    if (tile_row == 0 || tile_bytes < 0 || static_cast<std::size_t>(tile_bytes) != tile_row * tile_height) {
      throw_damaged_rows(path_, 0);
    }
    std::vector<std::uint8_t> tile(static_cast<std::size_t>(tile_bytes));
    const std::size_t pitch = (row_bytes() + 1) / 2;  // in values of 16 bits
    const std::int64_t held = std::min<std::int64_t>(tile_height, header_.height);
    std::vector<std::uint16_t> band(pitch * static_cast<std::size_t>(held));
    for (std::int64_t top = 0; top < header_.height; top += tile_height) {
      const std::int64_t count = std::min<std::int64_t>(tile_height, header_.height - top);
      for (std::int64_t left = 0; left < header_.width; left += tile_width) {
        if (TIFFReadTile(tiff_, tile.data(), static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(top), 0, 0) < 0) {
          throw_damaged_rows(path_, top);
        }
        const std::size_t begin = static_cast<std::size_t>(left) * pixel_bytes_;
        const std::size_t part = std::min(tile_row, row_bytes() - begin);
        for (std::int64_t y = 0; y < count; ++y) {
          auto* row = reinterpret_cast<std::uint8_t*>(band.data() + pitch * static_cast<std::size_t>(y));
          std::memcpy(row + begin, tile.data() + tile_row * static_cast<std::size_t>(y), part);
        }
      }
      for (std::int64_t y = 0; y < count; ++y) write(rows, top + y, band.data() + pitch * static_cast<std::size_t>(y));
    }
  }

  TIFF* tiff_;
  const TiffHeader& header_;
  const std::string& path_;
  std::size_t pixel_bytes_;
  std::vector<std::uint8_t> narrow_;
  std::vector<std::uint16_t> wide_;
};

/// Palettes, few bits, CMYK, YCbCr and planes, which libtiff converts to 8-bit RGB with premultiplied alpha.
Image converted(TIFF* tiff, const TiffHeader& header, const std::string& path, const DecodeOptions& options) {
  constexpr int kStopAtErrors = 1;
  char unused_reason[1024] = "";
  TIFFRGBAImage converter{};
  if (TIFFRGBAImageOK(tiff, unused_reason) == 0 || TIFFRGBAImageBegin(&converter, tiff, kStopAtErrors, unused_reason) == 0) {
    throw_unsupported(path, "a TIFF of grey, RGB, palette, CMYK, YCbCr or Lab pixels",
                      std::to_string(header.values) + " " + values_text(header) +
                          " per pixel of photometric interpretation " + std::to_string(header.photometric));
  }
  const std::unique_ptr<TIFFRGBAImage, decltype(&TIFFRGBAImageEnd)> end(&converter, TIFFRGBAImageEnd);
  converter.orientation = converter.req_orientation = ORIENTATION_TOPLEFT;  // rows from the top, as stored
  const auto width = static_cast<std::size_t>(header.width);
  std::vector<std::uint32_t> raster(width * static_cast<std::size_t>(header.height));
  if (TIFFRGBAImageGet(&converter, raster.data(), static_cast<std::uint32_t>(header.width),
                       static_cast<std::uint32_t>(header.height)) == 0) {
    throw_damaged_rows(path, 0);
  }
  Image image(static_cast<int>(header.height), static_cast<int>(header.width), 3);
  RgbRows rows(image, {.channels = 4, .premultiplied = true}, options);
  std::vector<std::uint8_t> row(4 * width);
  for (int y = 0; y < image.height; ++y) {
    const std::uint32_t* packed = raster.data() + static_cast<std::size_t>(y) * width;
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < 4; ++c) row[4 * x + c] = static_cast<std::uint8_t>(packed[x] >> (8 * c));
    }
    rows.write(y, row.data());
  }
  return image;
}

}  // namespace

StoredPicture decode_tiff(EncodedBytes bytes, const std::string& path, const DecodeOptions& options) {
  MemoryFile file{bytes};
  const Tiff tiff = open_tiff(file, path);
  const TiffHeader header = read_tiff_header(tiff.get());
  expect_readable_kind(header, path);
  expect_pixel_budget(header.height, header.width, bytes, kTiffPixelsPerByte, path);
  if (!header.is_plain()) expect_memory_budget(header.height, header.width, 3 + 4, path);
  Image image = header.is_plain() ? PlainTiffReader(tiff.get(), header, path).image(options)
                                  : converted(tiff.get(), header, path, options);
  return {std::move(image), header.orientation};
}

}  // namespace fovea
