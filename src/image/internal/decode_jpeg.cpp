#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <jerror.h>
#include <jpeglib.h>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/image/internal/formats.h>
#include <fovea/image/internal/orientation.h>

namespace fovea {
namespace {

constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr int kMostStrayBytes = 64;
constexpr std::int64_t kJpegPixelsPerByte = 1024;  // a block of 64 pixels takes at least a bit
constexpr std::int64_t kMostScanPixels = std::int64_t{1} << 31;

// A chain of segments, then compressed data in which every 0xFF that is no marker is followed by 0 or by a restart. The
// whole chain is checked first: libjpeg fills the rest of a truncated file with grey.

constexpr std::uint8_t kStartOfScan = 0xDA;
constexpr std::uint8_t kEndOfImage = 0xD9;

bool is_frame_header(std::uint8_t marker) {
  // Of 0xC0..0xCF, DHT (0xC4), JPG (0xC8) and DAC (0xCC) do not start a frame.
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::uint8_t next_marker(ByteCursor& cursor) {
  std::uint8_t before = 0;
  while (true) {
    const std::uint8_t now = cursor.byte();
    const bool is_restart = now >= 0xD0 && now <= 0xD7;
    if (before == 0xFF && now != 0x00 && now != 0xFF && !is_restart) return now;
    before = now;
  }
}

struct FrameHeader {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t components = 0;
};

FrameHeader read_frame_header(ByteCursor segment, EncodedBytes file) {
  const std::uint8_t bits = segment.byte();
  FrameHeader frame;
  frame.height = segment.big_endian<std::uint16_t>();
  frame.width = segment.big_endian<std::uint16_t>();
  frame.components = segment.byte();
  if (bits != 8) throw_unsupported(segment.path(), "a JPEG of 8 bits per value", std::to_string(bits));
  expect_pixel_budget(frame.height, frame.width, file, kJpegPixelsPerByte, segment.path());
  return frame;
}

/// Files of several scans keep coefficients in memory, and each scan passes over the whole image, however short it is.
void expect_scan_budget(const FrameHeader& frame, std::int64_t scans, const std::string& path) {
  if (scans == 2) expect_memory_budget(frame.height, frame.width, 3 + 2 * frame.components, path);
  const std::int64_t pixels = std::max<std::int64_t>(1, frame.height * frame.width);
  if (scans * pixels <= kMostScanPixels) return;
  throw InputError(path,
                   "at most " + std::to_string(kMostScanPixels / pixels) + " scans of " + std::to_string(pixels) + " pixels",
                   "more", "the file is damaged, or convert it");
}

void expect_whole_jpeg(EncodedBytes bytes, const std::string& path) {
  ByteCursor cursor(bytes, path);
  cursor.take(2);
  std::int64_t scans = 0;
  FrameHeader frame;
  while (true) {
    const std::uint8_t marker = next_marker(cursor);
    if (marker == kEndOfImage) {
      if (scans == 0) throw_damaged(path, cursor.offset(), "compressed data", "the end of the image");
      return;
    }
    const std::size_t length = cursor.big_endian<std::uint16_t>();
    if (length < 2) throw_damaged(path, cursor.offset() - 2, "a segment of at least 2 bytes", std::to_string(length));
    const ByteCursor segment(cursor.take(length - 2), path);
    if (is_frame_header(marker)) frame = read_frame_header(segment, bytes);
    if (marker == kStartOfScan) expect_scan_budget(frame, ++scans, path);
  }
}

/// Error state of libjpeg, whose error handler must not return: it jumps.
struct JpegErrors {
  jpeg_error_mgr manager;  // first: libjpeg hands back its address
  std::jmp_buf jump_target;
};
static_assert(std::is_standard_layout_v<JpegErrors>);

[[noreturn]] void leave_jpeg(j_common_ptr state) {
  std::longjmp(reinterpret_cast<JpegErrors*>(state->err)->jump_target, 1);
}

/// True for what no pixel depends on: a few bytes that cameras leave, a newer version of JFIF, an unknown colour transform
/// of Adobe's, for which libjpeg takes the usual one.
bool is_harmless(const jpeg_error_mgr& warning) {
  if (warning.msg_code == JWRN_EXTRANEOUS_DATA) return warning.msg_parm.i[0] <= kMostStrayBytes;
  return warning.msg_code == JWRN_JFIF_MAJOR || warning.msg_code == JWRN_ADOBE_XFORM;
}

/// Warnings have level -1, traces have higher levels.
void on_warning(j_common_ptr state, int level) {
  if (level < 0 && !is_harmless(*state->err)) leave_jpeg(state);
}

void ignore_message(j_common_ptr) {}

/// Result of libjpeg.
std::string finding(const jpeg_error_mgr& error) {
  switch (error.msg_code) {
    case JWRN_EXTRANEOUS_DATA:
      return std::to_string(error.msg_parm.i[0]) + " stray bytes";
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
    case JERR_INPUT_EOF:
      return "compressed data that end too early";
    case JWRN_HUFF_BAD_CODE:
    case JERR_BAD_DCT_COEF:
      return "an invalid code";
    case JWRN_MUST_RESYNC:
      return "a missing restart marker";
    case JERR_BAD_HUFF_TABLE:
    case JERR_NO_HUFF_TABLE:
    case JERR_HUFF_MISSING_CODE:
      return "an invalid or missing Huffman table";
    case JERR_NO_QUANT_TABLE:
      return "a missing quantisation table";
    case JERR_SOF_UNSUPPORTED:
      return "a lossless or hierarchical JPEG, which is not read";
    case JERR_SOF_DUPLICATE:
    case JERR_SOI_DUPLICATE:
      return "a second header";
    case JERR_CONVERSION_NOTIMPL:
    case JERR_COMPONENT_COUNT:
      return "an unknown number of colours";
    case JWRN_BOGUS_PROGRESSION:
    case JERR_BAD_PROGRESSION:
      return "scans in an invalid order";
    default:
      return "invalid data";
  }
}

/// A separate member, so that it is destroyed also when the constructor below throws.
struct JpegState : jpeg_decompress_struct {
  JpegState() : jpeg_decompress_struct{} {}
  ~JpegState() { jpeg_destroy_decompress(this); }
  JpegState(const JpegState&) = delete;
  JpegState& operator=(const JpegState&) = delete;
};

class JpegReader {
 public:
  JpegReader(EncodedBytes bytes, const std::string& path) : bytes_(bytes), path_(path) {
    state_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = leave_jpeg;
    errors_.manager.emit_message = on_warning;
    errors_.manager.output_message = ignore_message;
    guarded([this] {
      jpeg_create_decompress(&state_);
      jpeg_mem_src(&state_, bytes_.data(), bytes_.size());
      jpeg_save_markers(&state_, kExifMarker, 0xFFFF);
      jpeg_read_header(&state_, TRUE);
      const bool has_black = state_.jpeg_color_space == JCS_CMYK || state_.jpeg_color_space == JCS_YCCK;
      state_.out_color_space = has_black ? JCS_CMYK : JCS_RGB;
      jpeg_start_decompress(&state_);
    });
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  Image image() {
    Image image(static_cast<int>(state_.output_height), static_cast<int>(state_.output_width), 3);
    const std::size_t row_bytes = std::size_t{state_.output_width} * 3;
    std::vector<std::uint8_t> inks(state_.out_color_space == JCS_CMYK ? std::size_t{state_.output_width} * 4 : 0);
    std::uint8_t* row = image.pixels.data();
    guarded([this, &row, row_bytes, &inks] {
      while (state_.output_scanline < state_.output_height) {
        JSAMPROW target = inks.empty() ? row : inks.data();
        jpeg_read_scanlines(&state_, &target, 1);
        if (!inks.empty()) to_rgb_row(inks, row);
        row += row_bytes;
      }
      jpeg_finish_decompress(&state_);
    });
    return image;
  }

  int orientation() const {
    constexpr std::size_t kHeader = 6;  // "Exif", 0, 0
    for (auto* marker = state_.marker_list; marker != nullptr; marker = marker->next) {
      const std::span<const std::uint8_t> data(marker->data, marker->data_length);
      const bool is_exif =
          marker->marker == kExifMarker && data.size() > kHeader && std::memcmp(data.data(), "Exif\0", 6) == 0;
      if (is_exif) return exif_orientation(data.subspan(kHeader));
    }
    return 1;
  }

 private:
  /// Runs calls of libjpeg. An error jumps out of them, so objects in between must have no destructors.
  template <typename Calls>
  void guarded(const Calls& calls) {
    if (setjmp(errors_.jump_target) == 0) {
      calls();
      return;
    }
    if (errors_.manager.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
    const std::size_t unread = state_.src == nullptr ? 0 : state_.src->bytes_in_buffer;
    throw_damaged(path_, bytes_.size() - std::min(unread, bytes_.size()), "a readable JPEG", finding(errors_.manager));
  }

  /// Values are inverted, 255 is no ink, as Adobe's programs write them and PIL reads them, with their marker or without.
  static void to_rgb_row(const std::vector<std::uint8_t>& inks, std::uint8_t* row) {
    for (std::size_t i = 0; i < inks.size(); i += 4) {
      for (std::size_t c = 0; c < 3; ++c) *row++ = static_cast<std::uint8_t>((inks[i + c] * inks[i + 3] + 127) / 255);
    }
  }

  EncodedBytes bytes_;
  const std::string& path_;
  JpegErrors errors_{};
  JpegState state_;
};

}  // namespace

StoredPicture decode_jpeg(EncodedBytes bytes, const std::string& path, const DecodeOptions& /*options*/) {
  expect_whole_jpeg(bytes, path);
  JpegReader reader(bytes, path);
  const int orientation = reader.orientation();  // before the pixels: jpeg_finish_decompress() frees the markers
  return {reader.image(), orientation};
}

}  // namespace fovea
