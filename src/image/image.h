#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// An 8-bit image: rows top to bottom, pixels left to right, channels interleaved ([H, W, C], RGB order).
struct Image {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;  ///< height * width * channels values in [0, 255]

  Image() = default;
  Image(int rows, int columns, int planes)
      : height(rows),
        width(columns),
        channels(planes),
        pixels(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) * static_cast<std::size_t>(planes)) {}

  std::uint8_t& at(int y, int x, int channel) { return pixels[index(y, x, channel)]; }
  std::uint8_t at(int y, int x, int channel) const { return pixels[index(y, x, channel)]; }

 private:
  std::size_t index(int y, int x, int channel) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
               static_cast<std::size_t>(channels) +
           static_cast<std::size_t>(channel);
  }
};

/// @throws InputError unless the image has height * width * channels values. @param where names the caller in the message.
void expect_complete(const Image& image, const std::string& where);

/// @throws InputError likewise, and for an image without pixels or channels.
void expect_valid(const Image& image, const std::string& where);

}  // namespace fovea
