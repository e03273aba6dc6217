#include <algorithm>
#include <cstddef>

#include <fovea/image/internal/rgb_rows.h>

namespace fovea {
namespace {

constexpr std::uint32_t kSixteenBits = 65535;

/// [maximum + 1] 8-bit values. Of 16 bits the high byte is taken, as libpng and PIL do.
std::vector<std::uint8_t> scaled_from_full_range(std::uint32_t maximum) {
  std::vector<std::uint8_t> table(maximum + 1);
  for (std::uint32_t value = 0; value <= maximum; ++value) {
    table[value] = static_cast<std::uint8_t>(maximum == kSixteenBits ? value >> 8 : (value * 255 + maximum / 2) / maximum);
  }
  return table;
}

std::vector<std::uint8_t> scaled_from_levels(std::uint32_t maximum, const Levels& levels) {
  const std::int64_t span = levels.high - levels.low;
  std::vector<std::uint8_t> table(maximum + 1);
  for (std::uint32_t value = 0; value <= maximum; ++value) {
    const std::int64_t above = std::clamp<std::int64_t>(std::int64_t{value} - levels.low, 0, span);
    table[value] = static_cast<std::uint8_t>((above * 255 + span / 2) / span);
  }
  return table;
}

}  // namespace

RgbRows::RgbRows(Image& image, const RowFormat& format, const DecodeOptions& options)
    : image_(image), format_(format), options_(options), alphas_(scaled_from_full_range(format.maximum)) {
  colors_ = options.levels && format.maximum > 255 ? scaled_from_levels(format.maximum, *options.levels) : alphas_;
  if (format.inverted) {
    for (std::uint8_t& color : colors_) color = static_cast<std::uint8_t>(255 - color);
  }
}

template <typename Value>
std::uint8_t RgbRows::color(Value value) const {
  return colors_[std::min<std::uint32_t>(value, format_.maximum)];
}

std::uint8_t RgbRows::shown(std::uint32_t color, std::uint32_t alpha) const {
  if (options_.alpha == Alpha::drop) {
    const std::uint32_t plain = format_.premultiplied && alpha > 0 ? (color * 255 + alpha / 2) / alpha : color;
    return static_cast<std::uint8_t>(std::min(plain, 255U));
  }
  const std::uint32_t background = options_.alpha == Alpha::white ? 255 : 0;
  const std::uint32_t light = color * (format_.premultiplied ? 255 : alpha) + background * (255 - alpha);
  return static_cast<std::uint8_t>(std::min((light + 127) / 255, 255U));
}

template <typename Value>
void RgbRows::write_values(int row, const Value* values) {
  const bool is_grey = format_.channels < 3;
  std::uint8_t* target = &image_.at(row, 0, 0);
  if (format_.channels % 2 == 1) {
    const std::uint8_t* end = target + std::ptrdiff_t{3} * image_.width;
    for (; target != end; target += 3, values += format_.channels) {
      for (int c = 0; c < 3; ++c) target[c] = color(values[is_grey ? 0 : c]);
    }
    return;
  }
  for (int x = 0; x < image_.width; ++x, target += 3, values += format_.channels) {
    const std::uint8_t alpha = alphas_[std::min<std::uint32_t>(values[format_.channels - 1], format_.maximum)];
    for (int c = 0; c < 3; ++c) target[c] = shown(color(values[is_grey ? 0 : c]), alpha);
  }
}

template void RgbRows::write_values(int row, const std::uint8_t* values);
template void RgbRows::write_values(int row, const std::uint16_t* values);

}  // namespace fovea
