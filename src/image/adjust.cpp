#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/image/adjust.h>
#include <fovea/image/decode.h>
#include <fovea/image/internal/matrix.h>

namespace fovea {
namespace {

constexpr std::size_t kLevels = 256;

using LevelTable = std::array<std::uint8_t, kLevels>;  // new value of each level
using Histogram = std::array<std::int64_t, kLevels>;

template <typename Function>
LevelTable level_table(Function level) {
  LevelTable table;
  for (std::size_t i = 0; i < kLevels; ++i) table[i] = static_cast<std::uint8_t>(level(static_cast<int>(i)));
  return table;
}

LevelTable unchanged_levels() {
  return level_table([](int level) { return level; });
}

Image mapped(Image image, const LevelTable& table) {
  for (std::uint8_t& value : image.pixels) value = table[value];
  return image;
}

/// Maps each channel by a table made from its histogram.
template <typename TableOfHistogram>
Image mapped_by_histogram(Image image, TableOfHistogram table_of) {
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    Histogram histogram{};
    for (std::size_t i = channel; i < image.pixels.size(); i += channels) ++histogram[image.pixels[i]];
    const LevelTable table = table_of(histogram);
    for (std::size_t i = channel; i < image.pixels.size(); i += channels) image.pixels[i] = table[image.pixels[i]];
  }
  return image;
}

/// Level at `factor` of the way from one to another, or beyond; in single precision and rounded down, as in PIL.
std::uint8_t blended(int from, int to, float factor) {
  const float level = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<std::uint8_t>(std::clamp(level, 0.0F, 255.0F));
}

float expect_finite_factor(const std::string& where, double factor) {
  const auto single = static_cast<float>(factor);
  if (!std::isfinite(single)) throw InputError(where + ": factor", "a finite number", number_text(factor));
  return single;
}

void expect_color_channels(const std::string& where, const Image& image) {
  if (image.channels != 1 && image.channels != 3) {
    throw InputError(where, "an image of 1 or 3 channels", std::to_string(image.channels));
  }
}

int rounded_mean(const Image& image) {
  const auto sum = std::accumulate(image.pixels.begin(), image.pixels.end(), std::int64_t{0});
  return static_cast<int>(std::lround(static_cast<double>(sum) / static_cast<double>(image.pixels.size())));
}

/// The weighted mean of 3 x 3 pixels, 5 for the middle and 1 for the others. The outermost pixels are unchanged.
Image smoothed(Image image) {
  if (image.height < 3 || image.width < 3) return image;
  Image smooth = image;
  const cv::Matx33f weights = cv::Matx33f(1, 1, 1, 1, 5, 1, 1, 1, 1) * (1.0F / 13.0F);
  const cv::Rect inner(1, 1, image.width - 2, image.height - 2);
  cv::filter2D(matrix_over(image)(inner), matrix_over(smooth)(inner), -1, weights);  // reads the pixels around `inner` too
  return smooth;
}

struct Hsv {
  std::uint8_t hue;  // once around the circle in 255 steps
  std::uint8_t saturation;
  std::uint8_t value;
};

/// In PIL's precisions throughout: what is rounded down at the end may lie just above or just below a whole number.
Hsv hsv_of(const std::array<std::uint8_t, 3>& rgb) {
  const auto [red, green, blue] = rgb;
  const std::uint8_t most = std::max({red, green, blue});
  const std::uint8_t least = std::min({red, green, blue});
  if (most == least) return {0, 0, most};
  const auto range = static_cast<float>(most - least);
  const auto lack_of = [&](std::uint8_t level) -> double { return static_cast<float>(most - level) / range; };
  double sixths = 4 + lack_of(green) - lack_of(red);
  if (green == most) sixths = 2 + lack_of(red) - lack_of(blue);
  if (red == most) sixths = lack_of(blue) - lack_of(green);
  const double turns = static_cast<float>(sixths) / 6.0 + 1.0;
  const auto hue = static_cast<float>(turns - std::floor(turns));
  const float saturation = range / static_cast<float>(most);
  return {static_cast<std::uint8_t>(hue * 255.0), static_cast<std::uint8_t>(saturation * 255.0), most};
}

std::array<std::uint8_t, 3> rgb_of(const Hsv& hsv) {
  const std::uint8_t value = hsv.value;
  const double sixths = hsv.hue * 6.0 / 255.0;
  const int sector = static_cast<int>(sixths);
  const double into_sector = static_cast<float>(sixths - sector);
  const double saturation = static_cast<float>(hsv.saturation / 255.0);
  const auto faded = [&](double by) { return static_cast<std::uint8_t>(std::lround(value * (1.0 - by))); };
  const std::uint8_t least = faded(saturation);
  const std::uint8_t falling = faded(saturation * into_sector);
  const std::uint8_t rising = faded(saturation * (1.0 - into_sector));
  switch (sector) {
    case 1:
      return {falling, value, least};
    case 2:
      return {least, value, rising};
    case 3:
      return {least, falling, value};
    case 4:
      return {rising, least, value};
    case 5:
      return {value, least, falling};
    default:  // 0, and 6, which is once around
      return {value, rising, least};
  }
}

}  // namespace

Image with_brightness(Image image, double factor) {
  const float single = expect_finite_factor("with_brightness", factor);
  return mapped(std::move(image), level_table([&](int level) { return blended(0, level, single); }));
}

Image with_contrast(Image image, double factor) {
  const float single = expect_finite_factor("with_contrast", factor);
  if (image.pixels.empty()) return image;
  const int grey = rounded_mean(image.channels == 3 ? to_channels(image, 1) : image);
  return mapped(std::move(image), level_table([&](int level) { return blended(grey, level, single); }));
}

Image with_saturation(Image image, double factor) {
  expect_color_channels("with_saturation", image);
  const float single = expect_finite_factor("with_saturation", factor);
  if (image.channels == 1) return image;
  const Image grey = to_channels(image, 1);
  auto value = image.pixels.begin();
  for (const std::uint8_t luma : grey.pixels) {
    for (int c = 0; c < 3; ++c, ++value) *value = blended(luma, *value, single);
  }
  return image;
}

Image with_sharpness(Image image, double factor) {
  const float single = expect_finite_factor("with_sharpness", factor);
  const Image smooth = smoothed(image);
  std::transform(smooth.pixels.begin(), smooth.pixels.end(), image.pixels.begin(), image.pixels.begin(),
                 [&](std::uint8_t from, std::uint8_t to) { return blended(from, to, single); });
  return image;
}

Image with_hue_turned(Image image, double turn) {
  expect_color_channels("with_hue_turned", image);
  if (!(std::abs(turn) <= 0.5)) throw InputError("with_hue_turned: turn", "a number in [-0.5, 0.5]", number_text(turn));
  if (image.channels == 1) return image;
  const int steps = static_cast<int>(turn * 255.0);
  for (auto pixel = image.pixels.begin(); pixel != image.pixels.end(); pixel += 3) {
    Hsv hsv = hsv_of({pixel[0], pixel[1], pixel[2]});
    hsv.hue = static_cast<std::uint8_t>(hsv.hue + steps);  // modulo 256, so PIL's circle has one step more than its scale
    std::ranges::copy(rgb_of(hsv), pixel);
  }
  return image;
}

Image posterized(Image image, int bits) {
  if (bits < 0 || bits > 8) throw InputError("posterized: bits", "a number in 0..8", std::to_string(bits));
  return mapped(std::move(image), level_table([&](int level) { return level & 0xFF00 >> bits; }));
}

Image solarized(Image image, double threshold) {
  return mapped(std::move(image), level_table([&](int level) { return level < threshold ? level : 255 - level; }));
}

Image autocontrasted(Image image) {
  return mapped_by_histogram(std::move(image), [](const Histogram& histogram) {
    const auto is_used = [](std::int64_t count) { return count > 0; };
    const auto lowest = std::find_if(histogram.begin(), histogram.end(), is_used) - histogram.begin();
    const auto highest = histogram.rend() - std::find_if(histogram.rbegin(), histogram.rend(), is_used) - 1;
    if (highest <= lowest) return unchanged_levels();
    const double scale = 255.0 / static_cast<double>(highest - lowest);
    const double offset = -static_cast<double>(lowest) * scale;
    return level_table([&](int level) { return std::clamp(static_cast<int>(level * scale + offset), 0, 255); });
  });
}

Image equalized(Image image) {
  return mapped_by_histogram(std::move(image), [](const Histogram& histogram) {
    const auto total = std::accumulate(histogram.begin(), histogram.end(), std::int64_t{0});
    const auto last = std::find_if(histogram.rbegin(), histogram.rend(), [](std::int64_t count) { return count > 0; });
    if (last == histogram.rend()) return unchanged_levels();
    const std::int64_t step = (total - *last) / 255;  // pixels per level, were the highest used one 255
    if (step == 0) return unchanged_levels();
    LevelTable table;
    std::int64_t below = step / 2;
    for (std::size_t level = 0; level < kLevels; ++level) {
      table[level] = static_cast<std::uint8_t>(std::min<std::int64_t>(below / step, 255));
      below += histogram[level];
    }
    return table;
  });
}

Image warped_image(const Image& image, const Affine& to_source) {
  const auto between = [](double from, double to, double part) { return from + (to - from) * part; };
  Image result(image.height, image.width, image.channels);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const Point source = to_source(x + 0.5, y + 0.5);
      const bool inside = source.x >= 0 && source.x < image.width && source.y >= 0 && source.y < image.height;
      if (!inside) continue;
      const auto left = static_cast<int>(std::floor(source.x - 0.5));  // of the four pixels whose centres lie around
      const auto top = static_cast<int>(std::floor(source.y - 0.5));
      const int x0 = std::max(left, 0);
      const int x1 = std::min(left + 1, image.width - 1);
      const int y0 = std::max(top, 0);
      const int y1 = std::min(top + 1, image.height - 1);
      for (int channel = 0; channel < image.channels; ++channel) {
        const auto along_row = [&](int row) {
          return between(image.at(row, x0, channel), image.at(row, x1, channel), source.x - 0.5 - left);
        };
        result.at(y, x, channel) = static_cast<std::uint8_t>(between(along_row(y0), along_row(y1), source.y - 0.5 - top));
      }
    }
  }
  return result;
}

}  // namespace fovea
