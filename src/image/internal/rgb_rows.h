#pragma once

#include <cstdint>
#include <vector>

#include <fovea/image/decode.h>
#include <fovea/image/image.h>

namespace fovea {

/// Layout of the pixels in a file.
struct RowFormat {
  int channels = 3;             ///< 1: grey, 2: grey and alpha, 3: RGB, 4: RGB and alpha
  std::uint32_t maximum = 255;  ///< value of white and of opaque pixels, 1 to 65535
  bool premultiplied = false;   ///< colours are multiplied by alpha
  bool inverted = false;        ///< grey: 0 is white
};

/// Writes rows of values as rows of an RGB image: scales values to 8 bits, repeats grey and applies alpha.
class RgbRows {
 public:
  /// @param image RGB; must outlive this.
  RgbRows(Image& image, const RowFormat& format, const DecodeOptions& options);

  /// @param values of the row's pixels, channels interleaved. @param row from the top.
  void write(int row, const std::uint8_t* values) { write_values(row, values); }
  void write(int row, const std::uint16_t* values) { write_values(row, values); }

 private:
  template <typename Value>
  void write_values(int row, const Value* values);
  /// 8-bit value of a colour.
  template <typename Value>
  std::uint8_t color(Value value) const;
  /// 8-bit value of a colour with alpha.
  std::uint8_t shown(std::uint32_t color, std::uint32_t alpha) const;

  Image& image_;
  RowFormat format_;
  DecodeOptions options_;
  std::vector<std::uint8_t> colors_;  ///< 8-bit value for each value of a colour
  std::vector<std::uint8_t> alphas_;  ///< likewise of alpha
};

}  // namespace fovea
