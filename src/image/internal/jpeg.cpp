#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <jerror.h>
#include <jpeglib.h>
#include <type_traits>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/image/internal/jpeg.h>
#include <fovea/image/internal/orientation.h>

namespace fovea {
namespace {

constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr int kMostStrayBytes = 64;

/// Error state of libjpeg, whose error handler must not return: it jumps.
struct JpegErrors {
  jpeg_error_mgr manager;  // first: libjpeg hands back its address
  std::jmp_buf jump_target;
  char message[JMSG_LENGTH_MAX];
};
static_assert(std::is_standard_layout_v<JpegErrors>);

[[noreturn]] void leave_jpeg(j_common_ptr state) {
  auto* errors = reinterpret_cast<JpegErrors*>(state->err);
  state->err->format_message(state, errors->message);
  std::longjmp(errors->jump_target, 1);
}

/// Warnings have level -1, traces have higher levels.
void on_warning(j_common_ptr state, int level) {
  if (level >= 0) return;
  const jpeg_error_mgr& error = *state->err;
  if (error.msg_code == JWRN_EXTRANEOUS_DATA && error.msg_parm.i[0] <= kMostStrayBytes) return;
  leave_jpeg(state);
}

void ignore_message(j_common_ptr) {}

/// A separate member, so that it is destroyed also when the constructor below throws.
struct JpegState : jpeg_decompress_struct {
  JpegState() : jpeg_decompress_struct{} {}
  ~JpegState() { jpeg_destroy_decompress(this); }
  JpegState(const JpegState&) = delete;
  JpegState& operator=(const JpegState&) = delete;
};

class JpegReader {
 public:
  JpegReader(std::span<const std::uint8_t> bytes, const std::string& path) : path_(path) {
    state_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = leave_jpeg;
    errors_.manager.emit_message = on_warning;
    errors_.manager.output_message = ignore_message;
    guarded([this, bytes] {
      jpeg_create_decompress(&state_);
      jpeg_mem_src(&state_, bytes.data(), bytes.size());
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
    const std::string reason = errors_.message;
    throw InputError(path_, "a readable JPEG", "'" + reason + "'", "the file is damaged or incomplete");
  }

  /// Adobe's programs, which write most CMYK files, store inverted values: 255 is no ink.
  void to_rgb_row(const std::vector<std::uint8_t>& inks, std::uint8_t* row) const {
    const auto light = [this](std::uint8_t ink) { return state_.saw_Adobe_marker != 0 ? ink : 255 - ink; };
    for (std::size_t i = 0; i < inks.size(); i += 4) {
      for (std::size_t c = 0; c < 3; ++c) {
        *row++ = static_cast<std::uint8_t>((light(inks[i + c]) * light(inks[i + 3]) + 127) / 255);
      }
    }
  }

  const std::string& path_;
  JpegErrors errors_{};
  JpegState state_;
};

}  // namespace

JpegPicture decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& path) {
  JpegReader reader(bytes, path);
  const int orientation = reader.orientation();  // before the pixels: jpeg_finish_decompress() frees the markers
  return {reader.image(), orientation};
}

}  // namespace fovea
