#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <vector>
#include <webp/decode.h>
#include <webp/demux.h>

#include <fovea/base/error.h>
#include <fovea/image/internal/formats.h>
#include <fovea/image/internal/orientation.h>
#include <fovea/image/internal/rgb_rows.h>

namespace fovea {
namespace {

constexpr std::int64_t kWebpPixelsPerByte = std::int64_t{1} << 14;

struct DemuxerDeleter {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, DemuxerDeleter>;

/// The first frame of an animation, or the only one.
class FirstFrame {
 public:
  FirstFrame(const Demuxer& demuxer, const std::string& path) {
    if (WebPDemuxGetFrame(demuxer.get(), 1, &frame_) == 0 || frame_.complete == 0) {
      WebPDemuxReleaseIterator(&frame_);
      throw InputError(path, "a picture in the WebP file", "none", "the file is damaged or incomplete");
    }
  }
  ~FirstFrame() { WebPDemuxReleaseIterator(&frame_); }
  FirstFrame(const FirstFrame&) = delete;
  FirstFrame& operator=(const FirstFrame&) = delete;
  const WebPIterator* operator->() const { return &frame_; }

 private:
  WebPIterator frame_{};
};

[[noreturn]] void throw_damaged_frame(EncodedBytes file, const FirstFrame& frame, const std::string& path) {
  throw_damaged(path, static_cast<std::size_t>(frame->fragment.bytes - file.data()), "a readable WebP picture",
                "invalid data");
}

/// Decodes the colours into their place on the canvas.
void decode_colors(EncodedBytes file, const FirstFrame& frame, Image& canvas, const std::string& path) {
  std::uint8_t* corner = &canvas.at(frame->y_offset, frame->x_offset, 0);
  const std::size_t room = canvas.pixels.size() - static_cast<std::size_t>(corner - canvas.pixels.data());
  if (WebPDecodeRGBInto(frame->fragment.bytes, frame->fragment.size, corner, room, 3 * canvas.width) == nullptr) {
    throw_damaged_frame(file, frame, path);
  }
}

/// Decodes colours and alpha, and blends them; the canvas around the frame is transparent.
void decode_blended(EncodedBytes file, const FirstFrame& frame, Image& canvas, const std::string& path,
                    const DecodeOptions& options) {
  const std::size_t row_bytes = 4 * static_cast<std::size_t>(frame->width);
  std::vector<std::uint8_t> pixels(row_bytes * static_cast<std::size_t>(frame->height));
  if (WebPDecodeRGBAInto(frame->fragment.bytes, frame->fragment.size, pixels.data(), pixels.size(),
                         static_cast<int>(row_bytes)) == nullptr) {
    throw_damaged_frame(file, frame, path);
  }
  RgbRows rows(canvas, {.channels = 4}, options);
  std::vector<std::uint8_t> row(4 * static_cast<std::size_t>(canvas.width));
  for (int y = 0; y < canvas.height; ++y) {
    std::fill(row.begin(), row.end(), std::uint8_t{0});
    const int inside = y - frame->y_offset;
    if (inside >= 0 && inside < frame->height) {
      std::copy_n(pixels.data() + static_cast<std::size_t>(inside) * row_bytes, row_bytes,
                  row.data() + 4 * static_cast<std::size_t>(frame->x_offset));
    }
    rows.write(y, row.data());
  }
}

void expect_inside(const FirstFrame& frame, const Image& canvas, const std::string& path) {
  const bool inside = frame->x_offset >= 0 && frame->y_offset >= 0 && frame->width >= 1 && frame->height >= 1 &&
                      frame->width <= canvas.width - frame->x_offset && frame->height <= canvas.height - frame->y_offset;
  if (inside) return;
  throw InputError(path, "a WebP frame inside the canvas of " + size_text(canvas.height, canvas.width),
                   size_text(frame->height, frame->width) + " at row " + std::to_string(frame->y_offset) + ", column " +
                       std::to_string(frame->x_offset),
                   "the file is damaged or incomplete");
}

}  // namespace

StoredPicture decode_webp(EncodedBytes bytes, const std::string& path, const DecodeOptions& options) {
  if (bytes.size() < 12 || !starts_with(bytes.subspan(8), "WEBP")) {
    throw InputError(path, "a WebP image in the RIFF file", "another kind of data", "convert or remove it");
  }
  const WebPData data{bytes.data(), bytes.size()};
  const Demuxer demuxer(WebPDemux(&data));
  if (demuxer == nullptr) {
    throw InputError(path, "whole WebP chunks", "invalid or missing ones", "the file is damaged or incomplete");
  }
  const std::int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  const std::int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  expect_pixel_budget(height, width, bytes, kWebpPixelsPerByte, path);
  const FirstFrame frame(demuxer, path);
  Image canvas(static_cast<int>(height), static_cast<int>(width), 3);
  expect_inside(frame, canvas, path);
  const bool covers = frame->width == canvas.width && frame->height == canvas.height;
  if (options.alpha == Alpha::drop || (covers && frame->has_alpha == 0)) {
    decode_colors(bytes, frame, canvas, path);
  } else {
    decode_blended(bytes, frame, canvas, path, options);
  }
  return {std::move(canvas), webp_orientation(bytes)};
}

}  // namespace fovea
